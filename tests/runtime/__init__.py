"""Tests of clock, logs, supervision and locks."""
