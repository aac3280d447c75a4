"""Computes conditions from readings and nothing else: no I/O, no clock, no threads."""
