"""Noise by the standard."""
