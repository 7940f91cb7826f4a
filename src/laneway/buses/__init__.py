"""Buses: implementations of the contract in `laneway.bus`."""
