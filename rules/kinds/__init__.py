"""The kinds of rule, one module each; table.py names them."""
