"""What every page that asks the engine shares: the city's zone, names, and what to say when the engine is away."""

from collections.abc import Awaitable, Callable, Mapping
from zoneinfo import ZoneInfo

from dashboard.languages import current
from dashboard.live.calls import EngineBusy, EngineRefused, Json
from dashboard.live.link import EngineLink
from dashboard.pages.elements import Children, notice
from dashboard.pages.numbers import quantity
from dashboard.story_words import StoryWords
from dashboard.words import Words
from domain.errors import Temporary


class PageDesk:
    """Built once, handed to the pages."""

    def __init__(self, *, words: Words, link: EngineLink) -> None:
        self.words = words
        self.link = link

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo((self.link.seen.city or {}).get("timezone", "UTC"))

    @property
    def now(self) -> float | None:
        """The city's time of the last picture, milliseconds."""
        picture = self.link.seen.picture
        return picture["at"] if picture else None

    def own(self, content: Json, name: str) -> str:
        """The visitor's language of a bilingual field: `title` of `title_zh` and `title_en`."""
        return str(content[f"{name}_{current.get().field}"])

    def metric(self, code: str) -> str:
        """What a metric is called; one that the catalogue does not know goes by its code."""
        known = self._metrics.get(code)
        return str(known[current.get().field]) if known else code

    @property
    def story(self) -> StoryWords:
        """How alerts of this city are told."""
        return StoryWords(self.words, self._metrics)

    def kind_of(self, rule: str) -> str:
        """The kind of a rule; empty for one that is no longer loaded."""
        rules = (self.link.seen.city or {}).get("rules", [])
        return next((str(known["kind"]) for known in rules if known["id"] == rule), "")

    def knows(self, metric: str) -> bool:
        """Whether the catalogue has this metric."""
        return metric in self._metrics

    def measured(self, value: float | None, metric: str) -> str:
        """A value with the unit of its metric; of a state, such as an open cover, its word."""
        key = f"state_value.{metric}.{value:g}" if value is not None else ""
        if key and self.words.has(key):
            return self.words(key)
        known = self._metrics.get(metric)
        return quantity(value, known["unit"] if known else "")

    @property
    def _metrics(self) -> Mapping[str, Json]:
        return {metric["code"]: metric for metric in (self.link.seen.city or {}).get("metrics", [])}

    async def or_notice(self, make: Callable[[], Awaitable[Children]]) -> Children:
        """What `make` makes, or a sentence that says why it could not."""
        try:
            return await make()
        except EngineBusy as exc:
            return notice(self.words("engine.busy").format(reason=self.refusal(exc)), cls="caution")
        except Temporary:
            return notice(self.words("engine.away"), cls="problem")
        except EngineRefused as exc:
            return notice(self.refusal(exc), cls="problem")

    def refusal(self, exc: EngineRefused | EngineBusy) -> str:
        return exc.zh if current.get().field == "zh" else exc.en

    def state(self, alert: Json) -> str:
        """The alert's state, and that nobody knows whether it still holds, where that is so."""
        text = self.words(f"state.{alert['state']}")
        is_unknown = alert["condition"] == "unknown" and alert["state"] != "closed"
        return f"{text} · {self.words('state.no_evidence')}" if is_unknown else text
