"""Tests of the way from the broker to the journal."""
