"""How the fictional city is laid out: land, water, streets, districts, and where its devices hang."""
