"""`citybrain bench`: speed as ratios against a baseline of the same run, with real processes and a real broker."""
