"""What lives as long as the process is left alone by the collector."""

import gc

from runtime import memory


def test_what_is_built_is_not_collected_again() -> None:
    before = gc.get_freeze_count()
    kept = [[number] for number in range(1_000)]
    try:
        memory.settle()
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()
