"""From an alert's move to the receiver, with real receivers."""
