"""What a browser is sent: the picture without what no screen shows, and how old it was when it was sent."""

import json

from dashboard.live.calls import Json
from dashboard.live.link import EngineLink

MOST_ALERTS = 60
"""More rows than the tallest wall shows; the true number goes along as `alerts_total`."""
ALERT_FIELDS = (
    *("id", "state", "condition", "severity", "target", "kind", "lon", "lat", "place_zh", "place_en"),
    *("title_zh", "title_en", "value", "limit", "comparison", "unit"),
    *("opened_at", "active_at", "changed_at", "acknowledged_by"),
)


def frame(link: EngineLink, *, edition: str) -> bytes:
    """JSON. `age_s` is null before the first picture; `edition` names the page's own version: a change reloads it."""
    seen = link.seen
    return json.dumps(
        {
            "edition": edition,
            "connected": link.connected,
            "age_s": link.age_s(),
            "trends_version": seen.trends_version,
            "picture": None if seen.picture is None else slim(seen.picture),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def slim(picture: Json) -> Json:
    """The picture with at most MOST_ALERTS alerts, and of each only what the wall shows."""
    alerts = [{name: alert.get(name) for name in ALERT_FIELDS} for alert in picture["alerts"][:MOST_ALERTS]]
    return {**picture, "alerts": alerts}
