"""Judging single series: each reading is held against the limits of all rules on its metric, and told."""
