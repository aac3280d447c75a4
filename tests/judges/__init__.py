"""Other people's programs as judges of ours: what they say to the same input, and why it differs where it does."""
