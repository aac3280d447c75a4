"""What the journal and the series stores promise."""
