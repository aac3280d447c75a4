"""`citybrain replay`: a recording through an installation of its own, and what came of it."""
