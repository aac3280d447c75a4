"""Lists of cases on the command line: read from tables, judged by their clocks, told as tables and JSON."""
