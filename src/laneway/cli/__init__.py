"""The command line: one file a command. It speaks to a running server, or works straight on a data directory."""
