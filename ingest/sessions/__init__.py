"""Ways in: everything here hands messages over and acknowledges them only when told (domain.ports.Session)."""
