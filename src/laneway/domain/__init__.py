"""The rules: frozen records and pure functions. Imports only itself; no clock, no I/O, no randomness."""
