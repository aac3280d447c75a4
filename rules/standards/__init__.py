"""The methods of the standards: what a figure is, when it is valid, and what it is held against."""
