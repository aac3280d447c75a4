"""From the broker to the journal: receive, decode, validate, deduplicate, settle, acknowledge."""
