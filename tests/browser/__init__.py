"""The whole way from a published reading to a row that a person sees in a real browser."""
