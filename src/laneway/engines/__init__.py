"""Engines: implementations of the contract in `laneway.engine`."""
