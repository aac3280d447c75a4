"""The registry of devices as files: YAML, CSV or GeoJSON, all of their faults at once, and how it is written again."""
