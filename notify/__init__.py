"""From the outbox to a person: routes, texts, channels, delivery with a ledger."""
