"""When: local hours, kinds of day, holidays, the sun, and the lamps that follow it."""
