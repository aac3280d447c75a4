"""Air on the command line: concentrations as people type them, files of stations, figures as tables and JSON."""
