"""Slow twins of the kinds of rule: what they mean, in plain Python, with the whole story known."""
