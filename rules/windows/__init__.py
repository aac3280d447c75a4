"""Windows of time on the city's own clock, and what is kept of the readings in them."""
