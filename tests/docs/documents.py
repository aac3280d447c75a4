"""The documents of the house, as text."""

from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def documents() -> dict[Path, str]:
    """Everything written for people: README, CHANGELOG, docs/ and examples/, by path."""
    files = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").iterdir()]
    return {file.relative_to(ROOT): file.read_text(encoding="utf-8") for file in sorted(files) if file.is_file()}


def page(name: str) -> str:
    return documents()[Path("docs") / name]


def section_tables(text: str) -> dict[str, list[list[str]]]:
    """The rows of the tables below each heading, cell by cell, without the lines of heads and rules."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
            found[heading] = []
        elif line.startswith("|"):
            found.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return {heading: rows[2:] for heading, rows in found.items()}
