"""The words everybody shares: pure values, no I/O, no clock; every other package may import from here."""
