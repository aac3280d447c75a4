"""Recorded data in the formats that cities have it in, read as messages of docs/wire.md."""
