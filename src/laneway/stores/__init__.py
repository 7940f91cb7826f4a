"""Stores: implementations of the store contract. Only the composition root sees them."""
