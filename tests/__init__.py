"""Tests are sentences about promises."""
