"""What rules would have told over stored readings: episodes, alarm load, comparison, advice. Pure."""
