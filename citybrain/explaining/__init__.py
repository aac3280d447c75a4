"""Why an alert: its readings, its limit, its clause and its way, as numbers that a person can check."""
