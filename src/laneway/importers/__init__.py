"""Importers: one module for each format that conversations come in."""
