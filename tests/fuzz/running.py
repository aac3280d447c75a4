"""Runs one target on message after message, keeps what shows something new, and says what went wrong."""

import base64
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import FrameType

from tests.fuzz.mutation import LARGEST, Mutator
from tests.fuzz.seeds import Sent, fragments
from tests.fuzz.targets import Target

SLOW_S = 1.0
"""CPU time that one message of the largest size may take."""
HANGS_S = 20.0
ONE_IN_A_THOUSAND = 0.001
MOST_GROWTH = 300 * 2**20
"""Bytes by which one message may raise the peak of the process."""
_MOST_KEPT = 400
_LONGEST_KEPT = 16 * 1024


class Hangs(Exception):
    """No end within HANGS_S of CPU time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of trouble, by its first message."""

    target: str
    what: str
    where: str
    sent: Sent
    trace: str

    def __str__(self) -> str:
        payload = base64.b64encode(self.sent.payload[:4000]).decode()
        return f"{self.target}: {self.what}\n  topic {self.sent.topic!r}\n  payload {payload}\n{self.trace}"


@dataclass(slots=True)
class Report:
    """What a run came to."""

    target: str
    executions: int = 0
    cpu_s: float = 0.0
    """That of making the messages too."""
    slowest_s: float = 0.0
    features: int = 0
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)

    def __str__(self) -> str:
        rate = self.executions / self.cpu_s if self.cpu_s else 0.0
        return (
            f"{self.target:<24} {self.executions:>9,} runs  {self.cpu_s:7.1f} s CPU  {rate:8,.0f}/s  slowest"
            f" {self.slowest_s * 1000:5.0f} ms  {self.features:>5} features  {len(self.findings)} findings"
        )


def fuzz(
    target: Target, *, seed: int, goes_on: Callable[[Report], bool], amplifies: float = ONE_IN_A_THOUSAND
) -> Report:
    """Every seed as it is, then neighbours of what was worth keeping, as long as `goes_on` says."""
    draw = Random(f"{seed} {target.name}")
    mutator = Mutator(draw, fragments(), amplifies=amplifies)
    report = Report(target.name)
    corpus: list[Sent] = list(target.seeds)
    seen: set[str] = set()
    begun = time.process_time()
    for sent in target.seeds:
        seen.update(_run(target, sent, draw, report))
    while goes_on(report):
        sent = mutator.mutated(draw.choice(corpus), draw.choice(corpus))
        features = _run(target, sent, draw, report)
        if not features <= seen and len(sent.payload) <= _LONGEST_KEPT:
            _keep(corpus, sent, draw, first=len(target.seeds))
        seen |= features
    report.cpu_s, report.features = time.process_time() - begun, len(seen)
    return report


def _keep(corpus: list[Sent], sent: Sent, draw: Random, *, first: int) -> None:
    """The seeds stay; of the others one goes when there are many."""
    if len(corpus) - first < _MOST_KEPT:
        corpus.append(sent)
    else:
        corpus[draw.randrange(first, len(corpus))] = sent


def _run(target: Target, sent: Sent, draw: Random, report: Report) -> set[str]:
    features: set[str] = set()
    peak, begun = _peak(), time.process_time()
    try:
        with _alarm():
            features.update(target.run(sent, draw))
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is what this looks for
        _note(
            report,
            Finding(target.name, f"{type(exc).__name__}: {exc}"[:600], _place(exc), sent, traceback.format_exc()),
        )
    taken = time.process_time() - begun
    report.executions += 1
    report.slowest_s = max(report.slowest_s, taken)
    if taken > SLOW_S and len(sent.payload) <= LARGEST:
        _note(report, Finding(target.name, f"slow: {taken:.2f} s CPU for {len(sent.payload)} bytes", "slow", sent, ""))
    if (growth := _peak() - peak) > MOST_GROWTH:
        _note(report, Finding(target.name, f"{growth >> 20} MiB for {len(sent.payload)} bytes", "memory", sent, ""))
    return features


def _note(report: Report, finding: Finding) -> None:
    report.findings.setdefault((finding.what.partition(":")[0], finding.where), finding)


def _place(exc: BaseException) -> str:
    frames = traceback.extract_tb(exc.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _peak() -> int:
    """Bytes of the process's memory at its highest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise Hangs(f"no end after {HANGS_S:g} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def chosen(everything: Sequence[Target], name: str) -> list[Target]:
    """Those of that name, or all. Raises ValueError for a name that nobody has."""
    found = [target for target in everything if name in ("all", target.name)]
    if not found:
        raise ValueError(f"{name!r} is not known; known are all, {', '.join(one.name for one in everything)}")
    return found
