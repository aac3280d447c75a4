"""Several series together: neighbours, fleets, members of a condition, and who comes after whom."""
