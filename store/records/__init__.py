"""What the city has to remember in tables: devices, alerts and their history, outbox, audit, quarantine, ledger."""
