"""The methods of the standards, against published vectors, slow twins and outside judges."""
