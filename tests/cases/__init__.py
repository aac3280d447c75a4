"""The life of an alert, by the table and in the records."""
