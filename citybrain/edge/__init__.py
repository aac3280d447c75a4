"""The internal HTTP API between the engine, the web process and the command line (docs/internal-api.md)."""
