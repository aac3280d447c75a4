"""Files that citybrain's processes write are their owner's alone."""

import subprocess
import sys
from pathlib import Path

WRITES = "from runtime.parentage import keep_files_private as k; k(); open({path!r}, 'w').close()"


def test_a_file_written_after_it_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "readings"
    subprocess.run([sys.executable, "-c", WRITES.format(path=str(path))], check=True)
    assert path.stat().st_mode & 0o777 == 0o600
