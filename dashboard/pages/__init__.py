"""What a visitor sees: the shell around every page, and the pages."""
