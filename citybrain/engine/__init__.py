"""The engine process: everything between a message and an alert, and its own clockwork."""
