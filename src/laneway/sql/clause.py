"""Clause: a piece of SQL with the values of its placeholders. A request's values are never anything but those."""

Value = str | int | bytes | None
Clause = tuple[str, tuple[Value, ...]]
