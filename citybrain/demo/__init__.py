"""`citybrain demo`: an installation that makes itself, with a simulated city."""
