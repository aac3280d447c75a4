"""The documents are tested: what exists is written down, and what is written down exists."""
