"""The wall, its guard, its link to the engine, and what a browser makes of it."""
