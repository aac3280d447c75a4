"""Files of noise levels, assessed by the standard and told to people and programs."""
