"""What happens in the fake city: indicators, alerts and trends that change, in the words of docs/internal-api.md."""

import math
import random
from typing import Any

from tests.dashboard.fake_city import city

Json = dict[str, Any]

DAY_S, QUARTER_S = 86_400, 900
MINUTE_MS = 60_000
TITLES = {
    "noise-zone": ("噪声超过功能区限值", "Noise above the limit of its zone"),
    "cover-open": ("井盖开启", "Manhole cover open"),
    "water-level": ("井内水位超警", "Water high under the cover"),
    "pm2_5": ("PM2.5 小时均值预警", "PM2.5 hourly early warning"),
    "lamp-rate": ("道路亮灯率不达标", "Lamps lit below the road's target"),
    "silence": ("设备未按周期上报", "Device silent beyond its interval"),
}
NIGHT_AND_DAY = ("GB 3096-2008 表1 2 类区 昼 60、夜 50 dB(A)", "GB 3096-2008 Table 1 class 2: day 60, night 50 dB(A)")
PM_LIMIT = ("GB 3095-2026 24 小时平均二级限值 60 µg/m³", "GB 3095-2026 grade 2, 24 h mean 60 µg/m³")
NOISE_CLAUSE = ("GB 3096-2008 表1：2 类区夜间 50 dB(A)", "GB 3096-2008 Table 1: class 2, night 50 dB(A)")


class FakeWorld:
    """Holds everything the fake engine tells. `now` is the city's time in milliseconds and moves with the pictures."""

    def __init__(self, *, now: int = 1_795_444_481_000, is_night: bool = True, is_demo: bool = True) -> None:
        self.now = now
        self.is_night = is_night
        self.counter = 0
        self.trends_version = 1
        self.imbalance = 0
        self.trouble: str | None = None
        self.is_fed = True
        self.has_devices = True
        self.noise_age_s: float | None = 4
        self.covers_age_s: float | None = 30
        self.left_out: str | None = None
        """A field that pictures lack, as those of another version might."""
        self.explained = 0
        """How often an explanation was asked for."""
        self.is_busy = False
        """There is no time for explanations."""
        self.city = city(is_demo=is_demo)
        self.alerts: dict[str, Json] = {}
        self.transitions: dict[str, list[Json]] = {}
        self.commands: list[Json] = []
        self._chance = random.Random(3)
        self._devices = {kind: [d for d in self.city["devices"] if d["kind"] == kind] for kind in self._kinds()}
        self.offline = [device["id"] for device in self._chance.sample(self.city["devices"], 11)]

    def _kinds(self) -> list[str]:
        return [kind["code"] for kind in self.city["kinds"]]

    def fill(self) -> None:
        """A busy evening."""
        self.open("cover-open", "manhole_cover", severity="red", value=1, limit=0, comparison="=", unit="1", ago_min=6)
        self.open("water-level", "manhole_cover", severity="red", value=1.9, limit=1.5, unit="m", ago_min=34)
        for ago, value in ((12, 57.3), (48, 61.2), (70, 54.6), (95, 53.1)):
            self.open("noise-zone", "noise_meter", severity="yellow", value=value, limit=50, unit="dB(A)", ago_min=ago)
        self.open("pm2_5", "air_station", severity="yellow", value=86, limit=75, unit="µg/m³", ago_min=22)
        self.open("lamp-rate", "road", severity="yellow", value=93.8, limit=98, comparison=">=", unit="%", ago_min=31)
        for ago in (9, 31, 140, 400, 1500):
            self.open("silence", "noise_meter", severity="white", value=None, limit=None, ago_min=ago)
        self.alerts[list(self.alerts)[3]].update(state="acknowledged", acknowledged_by="duty")
        self.alerts[list(self.alerts)[4]].update(state="returned", condition="ok")
        self.alerts[list(self.alerts)[5]].update(condition="unknown")

    def open(
        self,
        rule: str,
        kind: str,
        *,
        severity: str,
        value: float | None,
        limit: float | None,
        comparison: str = "<=",
        unit: str = "",
        ago_min: float = 0,
        **other: Any,
    ) -> Json:
        """A new active alert; further fields by name."""
        number, at = len(self.alerts) + 2071, self.now - round(ago_min * MINUTE_MS)
        title, clause = TITLES[rule], NOISE_CLAUSE
        alert = {
            **{"id": f"a-{number}", "rule": rule, "state": "active", "condition": "violated", "severity": severity},
            **self._where(kind),
            **{"title_zh": title[0], "title_en": title[1], "clause_zh": clause[0], "clause_en": clause[1]},
            **{"value": value, "limit": limit, "comparison": comparison, "unit": unit, "figures": {"period": "night"}},
            **{"opened_at": at, "active_at": at + MINUTE_MS, "changed_at": at + MINUTE_MS, "acknowledged_at": None},
            **{"acknowledged_by": None, "returned_at": None, "closed_at": None},
            **other,
        }
        self.alerts[alert["id"]] = alert
        self.transitions[alert["id"]] = [
            self._move(1, "open", None, "pending", at, "rules"),
            self._move(2, "hold", "pending", "active", at + MINUTE_MS, "rules"),
        ]
        return alert

    def acknowledge(self, alert_id: str, actor: str, note: str) -> Json | None:
        """None where it cannot be acknowledged."""
        alert = self.alerts[alert_id]
        if alert["state"] not in ("active", "returned"):
            return None
        before = alert["state"]
        after = "acknowledged" if before == "active" else "closed"
        alert.update(state=after, acknowledged_by=actor, acknowledged_at=self.now, changed_at=self.now)
        steps = self.transitions[alert_id]
        steps.append({**self._move(len(steps) + 1, "acknowledge", before, after, self.now, actor), "note": note})
        return alert

    def listed(self, *, open_only: bool) -> list[Json]:
        """Newest first."""
        chosen = [a for a in self.alerts.values() if not open_only or a["state"] != "closed"]
        return sorted(chosen, key=lambda alert: -alert["opened_at"])

    def detail(self, alert_id: str) -> Json:
        alert = self.alerts[alert_id]
        names = ("value", "limit", "comparison", "unit", "clause_zh", "clause_en", "figures")
        device = alert["target"].partition(":")[2]
        readings = [
            {
                "device": device,
                "metric": "cover_open" if alert["rule"] == "cover-open" else "laeq",
                "at": alert["opened_at"] + n * MINUTE_MS,
                "value": 57.3 - n,
                "span_s": 60,
            }
            for n in range(3)
        ]
        evidence = {**{name: alert[name] for name in names}, "readings": readings}
        return {"alert": alert, "transitions": self.transitions[alert_id], "evidence": evidence}

    def explanation(self, alert_id: str) -> Json:
        """As the engine explains it: its readings against the limit, the rule, and the story judged again."""
        detail = self.detail(alert_id)
        alert = detail["alert"]
        steps = [{**step, "evidence": detail["evidence"]} for step in detail["transitions"]]
        judged = {"quality": "good", "live": True, "overtaken": False, "limit": alert["limit"], "finding": "violated"}
        named = {name: alert[name] for name in ("unit", "clause_zh", "clause_en")}
        settings = {"kind": "threshold", "compare": "<=", "limit": {"table": "gb3096"}, "hold": 30.0, "dead_band": 1.0}
        at, since = alert["active_at"], alert["opened_at"]
        return {
            **{"alert": alert, "steps": steps, "readings_left_out": 7, "all_counted": True},
            "readings": [
                {**reading, **judged, "unit": alert["unit"], "received": reading["at"]}
                for reading in detail["evidence"]["readings"]
            ],
            "rule": {
                "id": alert["rule"],
                "zh": "规则",
                "en": "Rule",
                **named,
                "settings": settings,
                "file": "r",
                "line": 1,
            },
            "retold": {
                "signals": [{"signal": "held", "at": at, "since": since}],
                **{"agrees": True, "off_s": 0.0, "order": "arrival", "is_whole": True, "ways_left_out": False},
                **{"watched_from": None, "missing": []},
            },
        }

    def picture(self) -> Json:
        """Each picture is a second after the one before it."""
        self.counter += 1
        self.now += 1000
        order = ("red", "yellow", "white")
        shown = sorted(self.listed(open_only=True), key=lambda a: (order.index(a["severity"]), -a["opened_at"]))
        waiting = sum(alert["state"] in ("active", "returned") for alert in shown)
        picture = {
            **{"at": self.now, "counter": self.counter, "trends_version": self.trends_version},
            "supervision": {colour: sum(a["severity"] == colour for a in shown) for colour in order},
            "indicators": self._indicators(waiting, len(shown)),
            "alerts": shown[:200],
            "alerts_total": len(shown),
            "lamp_roads": self._lamp_roads(),
            "feeds": self._feeds(),
            "offline": self.offline,
        }
        return {name: value for name, value in picture.items() if name != self.left_out}

    def trends(self) -> list[Json]:
        """Noise and PM2.5 over the last day."""
        end = self.now // (QUARTER_S * 1000) * QUARTER_S * 1000
        times = [end - QUARTER_S * 1000 * (95 - n) for n in range(96)]
        chance = random.Random(5)
        noise = [[t, round(_noise_level(t, n) + chance.gauss(0, 0.5), 1)] for n, t in enumerate(times)]
        dust = [
            [t, round(44 + 9 * math.sin(n / 12) + 40 * math.exp(-(((n - 95) / 13) ** 2)), 1)]
            for n, t in enumerate(times)
        ]
        return [
            _trend("noise", ("环境噪声", "Ambient noise"), "dB(A)", noise, _noise_limits(times[0], end), NIGHT_AND_DAY,
                   ("2 类区 14 个点位算术平均", "plain mean of 14 class 2 meters")),
            _trend("pm2_5", ("细颗粒物 PM2.5", "Fine particles PM2.5"), "µg/m³", dust, [[times[0], end, 60]], PM_LIMIT,
                   ("18 个站点平均", "mean of 18 stations")),
        ]  # fmt: skip

    def _where(self, kind: str) -> Json:
        if kind == "road":
            road = self._chance.choice(self.city["roads"])
            lamp = next(d for d in self._devices["lamp"][60:] if d["road"] == road["id"])
            names = {"place_zh": road["zh"], "place_en": road["en"], "target": f"road:{road['id']}"}
            return {**names, "kind": "lamp", "lon": lamp["lon"], "lat": lamp["lat"]}
        device = self._chance.choice(self._devices[kind])
        names = {"place_zh": device["zh"], "place_en": device["en"], "target": f"device:{device['id']}"}
        return {**names, "kind": kind, "lon": device["lon"], "lat": device["lat"]}

    def _move(self, sequence: int, move: str, before: str | None, after: str, at: int, actor: str) -> Json:
        return {"sequence": sequence, "move": move, "from": before, "to": after, "at": at, "actor": actor, "note": ""}

    def _indicators(self, waiting: int, total: int) -> Json:
        lamps = (
            {"value": 98.1, "target": 98, "good": True, "lit": 1170, "due": 1193, "dark": 23, "offline": 7, "age_s": 12}
            if self.is_night
            else {"value": None, "target": 98, "good": None, "lit": 0, "due": 0, "dark": 0, "offline": 7, "age_s": 12}
        )
        of = len(self.city["devices"])
        return {
            "lamps_lit": lamps,
            "noise_over": {"value": 7, "of": 60, "good": False, "age_s": self.noise_age_s}
            if self.noise_age_s is not None
            else {"value": None, "of": 60, "good": None, "age_s": None},
            "pm2_5": {"value": 46.3, "limit": 60, "good": True, "age_s": 9},
            "covers": {"value": 1, "of": 300, "good": False, "age_s": self.covers_age_s},
            "online": {"value": 100 * (of - len(self.offline)) / of, "target": 99, "good": True, "of": of}
            if self.has_devices
            else {"value": None, "target": 99, "good": None, "of": 0},
            "unacknowledged": {"value": waiting, "of": total, "good": waiting == 0},
        }

    def _lamp_roads(self) -> list[Json]:
        rates = (99.6, 99.1, 96.4, 98.7, 93.8, 99.4, 98.2, 97.1, 99.8, 98.9, 95.2, 99.2, 98.4)
        return [
            {
                **{name: road[name] for name in ("id", "zh", "en", "grade")},
                **{"target": 98 if road["grade"] == "main" else 96, "lit": 90, "due": 92 if self.is_night else 0},
                **{"dark": 2, "offline": place % 3, "rate": rate if self.is_night else None},
            }
            for place, (road, rate) in enumerate(zip(self.city["roads"], rates, strict=True))
        ]

    def _feeds(self) -> list[Json]:
        received = 1_284_300 + 27 * self.counter
        return [
            {
                **{"id": "city-mqtt", "connected": self.is_fed, "per_s": 27.4, "last_message": self.now - 300},
                **{"received": received, "stored": received - 1_254 - self.imbalance, "duplicate": 1_020},
                **{
                    "quarantined": 214,
                    "late": 20,
                    "imbalance": self.imbalance,
                    "missing": 3,
                    "store_behind_s": 0.8,
                    "store_ok": True,
                    "journal_problem": self.trouble,
                },
            }
        ]


def _noise_level(at: int, place: int) -> float:
    hour = (at / 3_600_000 + 8) % 24
    evening = 9 * math.exp(-(((hour - 18.3) / 1.7) ** 2))
    return 51.5 + 4.5 * math.sin((hour - 9) / 12 * math.pi) + evening + 5.5 * math.exp(-(((place - 92) / 5) ** 2))


def _dust_level(place: int) -> float:
    return 44 + 9 * math.sin(place / 12) + 40 * math.exp(-(((place - 95) / 13) ** 2))


def _noise_limits(start: int, end: int) -> list[list[float]]:
    """60 from 6 to 22 o'clock of the city, else 50."""
    steps: list[list[float]] = []
    for hour in range(start // 3_600_000, end // 3_600_000 + 1):
        value = 60 if 6 <= (hour + 8) % 24 < 22 else 50
        begin, finish = max(start, hour * 3_600_000), min(end, (hour + 1) * 3_600_000)
        if steps and steps[-1][2] == value:
            steps[-1][1] = finish
        elif begin < finish:
            steps.append([begin, finish, value])
    return steps


def _trend(
    identifier: str,
    names: tuple[str, str],
    unit: str,
    points: list[list[float]],
    limits: list[list[float]],
    *texts: tuple[str, str],
) -> Json:
    clause, scope = texts
    return {
        **{"id": identifier, "zh": names[0], "en": names[1], "unit": unit, "bucket_s": QUARTER_S, "points": points},
        **{"limits": limits, "limit_zh": clause[0], "limit_en": clause[1], "scope_zh": scope[0], "scope_en": scope[1]},
    }
