"""The records keep what they are given: schema, transactions, each book."""
