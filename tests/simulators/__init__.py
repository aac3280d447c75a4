"""The simulated city holds what it promises."""
