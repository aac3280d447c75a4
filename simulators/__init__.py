"""The demo city: devices, faults, scenarios, replay, capture; speaks docs/wire.md, shares no code with ingest."""
