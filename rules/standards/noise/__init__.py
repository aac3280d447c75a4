"""Noise: levels, hours, days and nights, verdicts after GB 3096, grades after HJ 640, limits of sources."""
