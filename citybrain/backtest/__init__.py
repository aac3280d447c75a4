"""Rules tried on stored readings before they wake anyone: reading history, judging it, reporting it."""
