"""The life of an alert: pure steps, and the one service that records them."""
