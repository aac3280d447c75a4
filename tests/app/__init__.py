"""Tests of the wiring: settings, engine, edge, demo files, command line."""
