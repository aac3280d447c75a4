"""Wiring, settings, command line, HTTP edge, scheduler: the only place that knows everybody."""
