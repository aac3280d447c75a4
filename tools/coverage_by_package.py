"""Prints line coverage by package from the data files of the last test run, child processes included."""

import subprocess
import sys
from collections import defaultdict

from coverage import Coverage
from coverage.exceptions import NoDataError


def main() -> int:
    subprocess.run([sys.executable, "-m", "coverage", "combine", "-q", "--append"], check=False, capture_output=True)
    coverage = Coverage()
    coverage.load()
    statements: dict[str, int] = defaultdict(int)
    missed: dict[str, int] = defaultdict(int)
    try:
        for path in coverage.get_data().measured_files():
            _, lines, _, absent, _ = coverage.analysis2(path)
            package = next((part for part in path.split("/") if part in coverage.get_option("run:source")), "?")
            statements[package] += len(lines)
            missed[package] += len(absent)
    except NoDataError:
        print("no coverage data")
        return 1
    print("\ncoverage by package (lines)")
    for package in sorted(statements):
        share = 100 * (1 - missed[package] / max(1, statements[package]))
        print(f"  {package:<12} {share:5.1f} %  of {statements[package]}")
    total = 100 * (1 - sum(missed.values()) / max(1, sum(statements.values())))
    print(f"  {'all':<12} {total:5.1f} %  of {sum(statements.values())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
