"""When one message gives several codes that mean the same metric, nobody guesses which of them is the device's."""

from collections import Counter
from collections.abc import Iterator, Mapping

from domain.codes import Meaning
from domain.messages import Reason
from ingest.formats.telling import Telling


def unrivalled(said: Mapping[str, object], telling: Telling) -> Iterator[tuple[str, object]]:
    """The codes to be said, with their values. Rivals are skipped for the one that the dialect names; where it names
    none they are rejects that say what to write.
    """
    own = {metric for code, metric in telling.dialect.metrics.items() if code in said}
    usual = {code: _metric(telling.codes.get(code.casefold())) for code in said if code not in telling.dialect.metrics}
    counts = Counter(usual.values())
    for code, value in said.items():
        metric = usual.get(code)
        if metric is not None and metric in own:
            telling.skip(code, f"{metric} is another code's by the device's dialect")
        elif metric is not None and counts[metric] > 1:
            detail = f"{code[:80]!r} is one of {counts[metric]} that mean {metric}; name one of them in the dialect"
            telling.reject(Reason.UNKNOWN_METRIC, detail)
        else:
            yield code, value


def _metric(meaning: Meaning | None) -> str | None:
    return None if meaning is None else meaning.metric
