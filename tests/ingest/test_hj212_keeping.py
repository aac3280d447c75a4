"""Parts of a split packet that were acknowledged survive a kill: what they say is stored once, or told as lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from domain.instants import MICROS_PER_S
from domain.messages import Message, Reason
from ingest.formats.choosing import Formats, choice_of
from ingest.formats.hj212.decoder import JOURNALLED_AFTER_S, Hj212
from ingest.formats.hj212.keeping import SPAN_S, Kept, KeptParts
from ingest.formats.hj212.packet import opened
from ingest.formats.hj212.parts import WAIT_S, Parts
from ingest.settings import IngestSettings
from tests.ingest.fakes import NOW, FakeJournal, pipeline_of, small_city
from tests.ingest.hj212_station import frame

TEXTS = ["DataTime=20261122200000;LA-Rtd=5", "0.1;a01001-Rtd=21.5"]
HALF = ["DataTime=20261122200000;LA-Rtd=48.2", "a01001-Rtd=21.5"]
"""The first of these can be read by itself."""


def part(number: int, texts: list[str] = TEXTS, *, received: int = NOW) -> Message:
    content = frame(texts[number], flag=7, part=(number + 1, len(texts)))
    return Message(feed="city", topic="hj212/x", payload=content, received=received)


class Engine:
    """A pipeline with its journal; `killed` is what comes after it."""

    def __init__(self, folder: Path, journal: FakeJournal | None = None) -> None:
        self.folder = folder
        self.journal = journal or FakeJournal()
        openers = {"hj212": lambda: Hj212(KeptParts(folder)).decode}
        formats = Formats(choice_of(IngestSettings(), small_city(), openers))
        self.pipeline = pipeline_of(formats=formats)
        self.pipeline.rebuild(self.journal, now=NOW)

    def take(self, *messages: Message, journalled: bool = True) -> dict[str, float]:
        settlement = self.pipeline.settle(messages, NOW)
        if journalled:
            self.journal.append(settlement)
        return {row.metric: row.value for row in settlement.readings.rows()}

    def killed(self) -> "Engine":
        return Engine(self.folder, self.journal)


def later(seconds: float, level: float = 48) -> Message:
    """Any frame, when the waiting is over."""
    received = NOW + round(seconds * MICROS_PER_S)
    content = frame(f"DataTime=20261122201500;LA-Rtd={level:g}")
    return Message(feed="city", topic="hj212/x", payload=content, received=received)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("texts", [TEXTS, HALF])
def test_a_kill_between_the_parts_loses_neither(tmp_path: Path, order: tuple[int, int], texts: list[str]) -> None:
    engine = Engine(tmp_path)
    found = engine.take(part(order[0], texts))
    found |= engine.killed().take(part(order[1], texts))
    assert found == {"laeq": 50.1 if texts is TEXTS else 48.2, "temperature": 21.5}


def test_a_kill_after_the_last_part_before_it_was_durable_stores_it_once(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.take(part(0))
    assert engine.take(part(1), journalled=False) == {"laeq": 50.1, "temperature": 21.5}
    engine = engine.killed()
    assert engine.take(part(1)) == {"laeq": 50.1, "temperature": 21.5}  # as the broker sends it again
    assert engine.take(part(1), part(0)) == {}


def test_a_kill_after_all_was_durable_neither_stores_it_twice_nor_tells_of_a_loss(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.take(part(0), part(1))
    engine = engine.killed()
    assert engine.take(later(WAIT_S + 1)) == {"laeq": 48.0}
    assert [settlement.quarantined for settlement in engine.journal.settlements] == [(), ()]


def test_a_part_whose_sibling_never_comes_is_told_after_a_kill_too(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.take(part(0))
    engine = engine.killed()
    engine.take(later(WAIT_S + 1))
    [lost] = engine.journal.settlements[-1].quarantined
    assert (lost.reason, "part 2 of 2 did not come" in lost.detail) == (Reason.WRONG_SHAPE, True)


def test_files_go_when_nothing_in_them_can_wait_any_more(tmp_path: Path) -> None:
    kept = KeptParts(tmp_path / "parts")
    for span in range(6):
        received = NOW + round(span * SPAN_S * MICROS_PER_S)
        kept.keep(Kept(received=received, frame=b"##\xff%d" % span), surely=True)
    assert [one.frame for one in KeptParts(tmp_path / "parts").recall()] == [b"##\xff3", b"##\xff4", b"##\xff5"]


def test_a_line_that_a_kill_has_cut_off_costs_no_other(tmp_path: Path) -> None:
    kept = KeptParts(tmp_path)
    kept.keep(Kept(received=NOW, frame=b"one"), surely=True)
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes() + b'\n{"received": 1, "fra')
    kept.keep(Kept(received=NOW, frame=b"two"), surely=True)
    assert [one.frame for one in KeptParts(tmp_path).recall()] == [b"one", b"two"]


def test_a_packet_that_is_not_split_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    Engine(tmp_path / "parts").take(later(0))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_nothing_does_not_stop_the_reading(tmp_path: Path) -> None:
    (tmp_path / "parts").write_text("no folder")
    assert Engine(tmp_path / "parts").take(part(0), part(1)) == {"laeq": 50.1, "temperature": 21.5}


@pytest.mark.process
def test_a_process_that_is_killed_between_the_parts_leaves_the_first_one(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from tests.ingest.test_hj212_keeping import Engine, part\n"
        "Engine(Path(sys.argv[1])).take(part(0)); print('acknowledged', flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"acknowledged\n"
        os.kill(process.pid, signal.SIGKILL)
    assert Engine(tmp_path).take(part(1)) == {"laeq": 50.1, "temperature": 21.5}


def told_again(engine: Engine, *, after_s: float) -> list[str]:
    """What a later frame, like no other, brings into quarantine besides."""
    engine.take(later(after_s, level=30 + (after_s // 1000 + after_s) % 50))
    return [bad.detail for bad in engine.journal.settlements[-1].quarantined]


def test_what_was_given_up_is_not_told_again_at_every_restart(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.take(part(0))
    assert len(told_again(engine, after_s=WAIT_S + 1)) == 1
    engine.take(later(WAIT_S + 2 + JOURNALLED_AFTER_S))
    for day in (1, 2):
        engine = engine.killed()
        assert told_again(engine, after_s=day * 86_400.0) == []


def test_an_end_is_noted_only_when_what_it_told_is_surely_in_the_journal(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.take(part(0))
    assert len(told_again(engine, after_s=WAIT_S + 1)) == 1
    engine = engine.killed()
    assert len(told_again(engine, after_s=WAIT_S + 3)) == 1  # once more rather than not at all


def test_what_comes_back_after_a_kill_is_bounded_as_what_waits() -> None:
    parts = Parts(most_sets=10)
    for number in range(40):
        text = "DataTime=20261122200000;LA-Rtd=48;"
        parts.restore(opened(frame(text, flag=7, part=(1, 2), qn=f"202611222000{number:05d}")), received=NOW)
    assert len(parts) == 10
