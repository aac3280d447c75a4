"""The subcommands of `citybrain`, one module each."""
