"""Changing the registry of an installation: imports with their difference, and the adoption of unknown devices."""
