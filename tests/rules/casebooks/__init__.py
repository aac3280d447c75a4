"""Casebooks: their notation, their reading, what they find, and that every rule that ships has one."""
