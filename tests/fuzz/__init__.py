"""Fuzzing of everything that reads bytes of strangers: `python -m tests.fuzz`. docs/safety.md says what is promised."""
