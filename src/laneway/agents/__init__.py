"""Agents: what answers. One module or folder a kind; agents of one kind know nothing of the others."""
