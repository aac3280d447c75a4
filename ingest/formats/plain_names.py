"""What names mean where a format leaves them to the device: the codes of the catalogue, and words of one meaning."""

from collections.abc import Mapping
from functools import cache

from config.catalogue import load_catalogue
from config.codes import shipped_codes
from domain.codes import Meaning


@cache
def plain_names() -> Mapping[str, Meaning]:
    """Name in lower case → meaning."""
    catalogue, _ = load_catalogue()
    own = {metric.code.casefold(): Meaning(metric=metric.code, unit=metric.unit) for metric in catalogue}
    return {**own, **shipped_codes("plain-names")}
