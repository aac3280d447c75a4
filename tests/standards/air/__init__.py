"""Air by the standard, to the last digit."""
