"""Holds the house rules that ruff does not know: no file over 400 lines, no unittest.mock, no import in __init__.py."""

import ast
import sys
import tomllib
from pathlib import Path

MOST_LINES = 400
ROOT = Path(__file__).resolve().parent.parent
CONTRACT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
FOLDERS = [*CONTRACT["root_packages"], "tests", "tools"]


def faults_of(path: Path) -> list[str]:
    """What is wrong with one file, as `file:line: what`."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT)
    faults = []
    if (lines := text.count("\n")) > MOST_LINES:
        faults.append(f"{name}: {lines} lines; split it by the steps of its story (at most {MOST_LINES})")
    if path.suffix != ".py":
        return faults
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    if path.name == "__init__.py" and imports:
        faults.append(f"{name}:{imports[0].lineno}: a package's __init__ holds a docstring and no import")
    faults.extend(
        f"{name}:{node.lineno}: unittest.mock; write a typed fake instead"
        for node in imports
        if "unittest.mock" in ast.unparse(node)
    )
    return faults


def main() -> int:
    files = [
        path for package in FOLDERS for suffix in ("py", "js", "css") for path in (ROOT / package).rglob(f"*.{suffix}")
    ]
    faults = [fault for path in sorted(files) for fault in faults_of(path)]
    print("\n".join(faults) or f"{len(files)} files keep the shape")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
