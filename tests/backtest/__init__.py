"""Rules tried on history: the pure parts against slow twins, and the whole way from a store to a report."""
