"""Casebooks: rules with given series and what has to come of them, as YAML that people write and read."""
