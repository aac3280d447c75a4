"""The files of an installation, as `citybrain check` reads them."""

from collections.abc import Sequence
from pathlib import Path

from citybrain.checking import check_everything
from citybrain.doctor.findings import Finding, Level, Section


def examine_files(file: Path) -> Sequence[Finding]:
    """One finding for each problem, or one that there is none."""
    problems = check_everything(file).problems
    if not problems:
        return [
            Finding(
                section=Section.FILES,
                level=Level.OK,
                zh=f"{file} 及其引用的文件无误",
                en=f"{file} and its files are fine",
            )
        ]
    return [Finding(section=Section.FILES, level=Level.BAD, zh=str(one), en=str(one)) for one in problems]
