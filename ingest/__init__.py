"""From the broker to a settlement: session, decode, validate, deduplicate, journal, acknowledge."""
