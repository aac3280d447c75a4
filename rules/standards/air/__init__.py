"""Air by the standard: indices of HJ 633 and the US EPA, limits and validity of GB 3095. Exact; tables are data."""
