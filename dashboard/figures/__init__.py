"""Plotly figures, made from values in Python and scaled to the screen in the browser."""
