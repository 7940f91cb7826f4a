"""SQL: what stores that speak SQL have in common. A store of another kind needs none of it."""
