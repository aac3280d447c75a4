"""What a process owes to its family: it ends with its parent, and keeps the family's files private."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def keep_files_private() -> None:
    """What this process and its children write is their owner's alone: readings, alerts, addresses of people."""
    os.umask(0o077)


def die_with_parent(*, parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent ends; leave at once if it has ended already. Linux only."""
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        raise SystemExit(0)
