"""What happens in the simulated city: sun, weather, traffic, and what each kind of device would measure of it."""
