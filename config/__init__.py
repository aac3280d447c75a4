"""How files are read, and the YAML that ships: catalogue, rules, tables of limits, the demo city."""
