"""The client: one object with the whole API as methods, on a server far away or on an app in this process."""
