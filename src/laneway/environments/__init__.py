"""Environments: implementations of the contract in `laneway.environment`."""
