"""One module per wire format; `choosing` holds the table of all of them."""
