"""`python -m citybrain` is `citybrain`."""

from citybrain.cli import main

main()
