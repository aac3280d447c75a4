"""Where the tables of the noise standards ship."""

from config import catalogue

FOLDER = catalogue.SHIPPED.parent / "standards" / "noise"
