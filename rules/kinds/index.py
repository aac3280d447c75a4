"""`index`: the air quality index of a station hour by hour, from its own readings, by the edition of the hour."""

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator

from config.durations import Seconds
from domain.conditions import Evidence, Transition
from domain.devices import Device
from domain.instants import MICROS_PER_S, from_micros, iso
from rules.columns import FOREVER, NEVER, Column, Index, Ints, Rows, RuleState
from rules.core import machine
from rules.core.arrivals import Arrivals
from rules.core.comparing import Comparison, findings
from rules.core.feeds import NO_LAG_YET, UNHEARD, Feed
from rules.core.machine import Change, Timing
from rules.entries import RuleEntry
from rules.judges import Judge, Site
from rules.standards.air.columns import NOTHING, SCALE, scaled
from rules.standards.air.editions import Edition, Editions, load_editions
from rules.standards.air.hours import HOUR_US, calendar, day_of, divided, hour_of, phase
from rules.standards.air.limits import Ambient, load_ambient
from rules.standards.air.recent import KEPT, recent_values
from rules.standards.air.reports import Period
from rules.standards.air.series import IndexColumns, index_columns

Pollutant = Literal["so2", "no2", "co", "o3", "pm10", "pm2_5"]
METRICS: tuple[Pollutant, ...] = ("so2", "no2", "co", "o3", "pm10", "pm2_5")
WAITING_LIMIT = 200_000
"""Readings that may wait for the watermark before the older half of them is judged anyway."""
LAG_LIMIT_US = 86_400 * MICROS_PER_S
"""A feed is followed so far behind the present, and no further."""
SLACK_US = 2 * MICROS_PER_S
"""By how much the readings of one station may be out of step."""
AUTO = "auto"


class IndexEntry(RuleEntry):
    """`coverage`: how much of an hour a metric's readings must cover. `not_monitored`: metrics that count as `/`.

    `standard`: auto takes the edition in force on the local date of the hour.
    """

    kind: Literal["index"]
    compare: Literal["<", "<="] = "<="
    limit: Annotated[float, Field(ge=0, le=500)]
    dead_band: Annotated[float, Field(ge=0)] = 0.0
    hold: Seconds = 0.0
    clear: Seconds = 0.0
    standard: Literal["auto", "hj633-2012", "hj633-2026", "epa-2024"] = "auto"
    metrics: Annotated[tuple[Pollutant, ...], Field(min_length=1)] = METRICS
    not_monitored: tuple[Pollutant, ...] = ()
    coverage: Seconds = 2_700.0

    @field_validator("coverage")
    @classmethod
    def _within_an_hour(cls, coverage: float) -> float:
        if not 0 < coverage <= 3_600:
            raise ValueError(f"coverage {coverage:g} s must be above 0 and at most an hour; GB 3095 asks for 45m")
        return coverage

    def timing(self) -> Timing:
        return Timing(hold=round(self.hold * MICROS_PER_S), clear=round(self.clear * MICROS_PER_S))


def compile_index(entry: IndexEntry, site: Site) -> "IndexJudge":
    """Judges the devices in scope whose kind reports any of the metrics."""
    kinds = site.registry.kinds
    devices = tuple(
        device
        for device in entry.scope.devices(site.registry)
        if any(metric in kinds[device.kind].metrics for metric in entry.metrics)
    )
    return IndexJudge(entry, site, devices=devices, editions=load_editions(), ambient=load_ambient())


class IndexJudge(Judge):
    """The finding of an hour counts from its end to the end of the next one. Readings wait for the watermark."""

    by_series = True

    def __init__(
        self, entry: IndexEntry, site: Site, *, devices: tuple[Device, ...], editions: Editions, ambient: Ambient
    ) -> None:
        super().__init__(
            card=entry.card(unit="1"),
            timing=entry.timing(),
            devices=devices,
            site=site,
        )
        self._entry = entry
        self._editions, self._ambient = editions, ambient
        self._comparison = Comparison(entry.compare)
        self._timezone = site.registry.city.timezone
        self._behind = phase(self._timezone)
        self._interval = np.array([device.interval_s for device in devices], dtype=np.float64)
        self._slot_of = np.full(len(site.vocabulary.metrics) + 1, -1, dtype=np.intp)  # the last: nobody's metric
        for slot, metric in enumerate(entry.metrics):
            self._slot_of[site.vocabulary.metric_ordinal.get(metric, -1)] = slot
        self._slot_of[-1] = -1
        n = len(entry.metrics)
        self.own_columns = {
            "hour": Column(dtype=np.int64, fill=NEVER),  # begin of the hour that gathers; NEVER: nothing for a day
            "judged": Column(dtype=np.int64, fill=NEVER),  # begin of the newest hour of the ring
            "newest": Column(dtype=np.int64, fill=NEVER, width=n),
            "total": Column(dtype=np.int64, fill=0, width=n),  # millionths × seconds
            "covered": Column(dtype=np.int64, fill=0, width=n),  # seconds
            "ring": Column(dtype=np.int64, fill=NOTHING, width=n * KEPT),  # means of the hours before, newest last
            "feed_at": Column(dtype=np.int64, fill=UNHEARD),  # the station's feed, see rules/core/feeds.py
            "feed_lag": Column(dtype=np.int64, fill=NO_LAG_YET),
            "feed_delay": Column(dtype=np.int64, fill=0),
            "seconds": Column(dtype=np.int64, fill=0, width=n),  # covered of the newest of them
        }
        self.own_rows = {"slot": np.int8, "at": np.int64, "value": np.int64, "span": np.float32}

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        place, slot = self.place_of[arrivals.device], self._slot_of[arrivals.metric]
        value = scaled(arrivals.value)
        rows = np.flatnonzero((place >= 0) & (slot >= 0) & arrivals.good & (value >= 0))
        if len(rows):
            self._hear(state, place[rows], arrivals.take(rows))
            state.rows = state.rows.joined(
                place[rows], slot=slot[rows], at=arrivals.at[rows], value=value[rows], span=arrivals.span[rows]
            )
        if len(state.rows) <= WAITING_LIMIT:
            return []
        return self._judge_until(state, np.full(len(self.devices), np.median(state.rows["at"]), dtype=np.int64))

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        state.through, state.now = frontier, now
        return self._judge_until(state, frontier - state.own["feed_delay"])

    def _hear(self, state: RuleState, stations: Index, arrivals: Arrivals) -> None:
        """How late the stations' feeds run: one that is late as a whole is judged by a clock that is behind as much."""
        own = state.own
        feed = Feed(at=own["feed_at"], lag=own["feed_lag"], delay=own["feed_delay"])
        new = np.unique(stations[feed.lag[stations] == NO_LAG_YET])
        lag = np.clip(arrivals.received - arrivals.at, 0, LAG_LIMIT_US)
        feed.hear(stations, arrivals.at, lag, slack=SLACK_US, once=False)
        # of a station that has just been met it is not known yet whether it is slow: its hour can wait that long
        feed.delay[new] = feed.lag[new]

    def _judge_until(self, state: RuleState, until: Ints) -> list[Transition]:
        """Every hour that ended at or before the time up to which its station has been heard."""
        ready = state.rows["at"] <= until[state.rows.key]
        released = self._news(state, state.rows.take(ready))
        if ready.any():
            state.rows = state.rows.take(~ready)
        told: list[Transition] = []
        span = released["span"].astype(np.float64)
        span = np.where(span > 0, span, self._interval[released.key])
        hours, weight = hour_of(released["at"], span, self._behind)
        for hour in np.unique(hours):
            told += self._close_before(state, int(hour), until)
            now = np.flatnonzero(hours == hour)
            self._gather(state, int(hour), released.take(now), weight[now])
        told += self._close_before(state, FOREVER, until)
        open_targets = machine.open_targets(state.judgements)
        return told + self._tell(
            state, machine.settle(state.judgements, open_targets, until[open_targets], self.timing)
        )

    def _news(self, state: RuleState, rows: Rows) -> Rows:
        """In order of station, metric and time; the first to arrive of several at one instant, and none out of turn."""
        rows = rows.take(np.lexsort((rows["at"], rows["slot"], rows.key)))
        key, slot, at = rows.key, rows["slot"], rows["at"]
        keep = at > state.own["newest"][key, slot]
        keep[1:] &= (key[1:] != key[:-1]) | (slot[1:] != slot[:-1]) | (at[1:] != at[:-1])
        # what belongs to an hour that was judged already comes too late
        keep &= at > state.own["judged"][key] + HOUR_US
        return rows.take(keep)

    def _gather(self, state: RuleState, hour: int, rows: Rows, weight: Ints) -> None:
        own, place = state.own, (rows.key, rows["slot"])
        own["hour"][rows.key] = hour
        np.add.at(own["total"], place, rows["value"] * weight)
        np.add.at(own["covered"], place, weight)
        np.maximum.at(own["newest"], place, rows["at"])

    def _close_before(self, state: RuleState, hour: int, until: Ints) -> list[Transition]:
        """Judge, one after the other, the hours before this one that are over for their station."""
        told: list[Transition] = []
        begin = state.own["hour"]
        while True:
            over = (begin != NEVER) & (begin < hour) & (begin + HOUR_US <= until)
            waiting = begin[over]
            if not len(waiting):
                return told
            oldest = int(waiting.min())
            told += self._close(state, np.flatnonzero(over & (begin == oldest)), oldest)

    def _close(self, state: RuleState, stations: Index, hour: int) -> list[Transition]:
        end = np.full(len(stations), hour + HOUR_US, dtype=np.int64)
        told = self._tell(state, machine.settle(state.judgements, stations, end, self.timing))
        self._turn(state, stations)
        aqi = self._columns(state, stations, hour).aqi
        values = np.where(aqi == NOTHING, np.nan, aqi)
        limits = np.full(len(stations), self._entry.limit)
        found = findings(self._comparison, values, limits, self._entry.dead_band)
        changes = machine.observe(state.judgements, stations, end, found, self.timing)
        known = ~np.isnan(values)
        changes += machine.regain(state.judgements, stations[known], end[known])
        return told + self._tell(state, changes)

    def _turn(self, state: RuleState, stations: Index) -> None:
        """The hour that gathered becomes the newest of the ring; a station without a value for a day is forgotten."""
        own = state.own
        total, covered = own["total"][stations], own["covered"][stations]
        enough = covered >= self._entry.coverage
        mean = np.where(enough, divided(total, np.maximum(covered, 1)), NOTHING)
        ring = self._ring(state, stations)
        ring[:, :, :-1] = ring[:, :, 1:]
        ring[:, :, -1] = mean
        own["ring"][stations] = ring.reshape(len(stations), -1)
        own["seconds"][stations] = covered
        own["total"][stations], own["covered"][stations] = 0, 0
        own["judged"][stations] = own["hour"][stations]
        asleep = (ring == NOTHING).all(axis=(1, 2))
        own["hour"][stations] = np.where(asleep, NEVER, own["hour"][stations] + HOUR_US)

    def _ring(self, state: RuleState, stations: Index) -> Ints:
        ring: Ints = state.own["ring"][stations].reshape(len(stations), len(self._entry.metrics), KEPT)
        return ring

    def _edition(self, hour: int) -> Edition:
        if self._entry.standard != AUTO:
            return self._editions[self._entry.standard]
        day, _ = calendar(np.array([hour], dtype=np.int64), self._timezone)
        return self._editions.on(day_of(day[0]))

    def _columns(self, state: RuleState, stations: Index, hour: int) -> IndexColumns:
        """The index of the stations for the hour that is the newest of their rings."""
        edition = self._edition(hour)
        values = recent_values(self._ring(state, stations), self._entry.metrics, edition, self._ambient)
        return index_columns(edition, Period.HOURLY, values, not_monitored=self._entry.not_monitored)

    def _tell(self, state: RuleState, changes: list[Change]) -> list[Transition]:
        if not changes:
            return []
        targets = np.array([change.target for change in changes], dtype=np.intp)
        judged = state.own["judged"][targets]
        explained: dict[int, tuple[IndexColumns, int]] = {}
        for hour in np.unique(judged).tolist():
            stations = np.unique(targets[judged == hour])
            columns = self._columns(state, stations, hour)
            explained |= {station: (columns, row) for row, station in enumerate(stations.tolist())}
        return [
            self.transition(change, self._evidence(state, change.target, *explained[change.target]))
            for change in changes
        ]

    def _evidence(self, state: RuleState, station: int, columns: IndexColumns, row: int) -> Evidence:
        """The index of the newest hour that was judged, with all that makes it; `row` is the station's."""
        hour = iso(from_micros(int(state.own["judged"][station])))
        aqi = int(columns.aqi[row])
        figures: dict[str, float | str] = {"edition": columns.edition[0], "hour": hour}
        primary, missing = columns.primary(row, self._editions), columns.missing(row)
        if primary:
            figures["primary"] = ", ".join(primary)
        if missing:
            figures["missing"] = ", ".join(missing)
        figures |= {f"iaqi_{name}": int(sub[row]) for name, sub in columns.sub.items() if sub[row] != NOTHING}
        return Evidence(
            value=None if aqi == NOTHING else float(aqi),
            limit=self._entry.limit,
            comparison=self._comparison,
            unit=self.card.unit,
            clause=self.card.clause,
            figures={**figures, **self._means(state, station)},
        )

    def _means(self, state: RuleState, station: int) -> Mapping[str, float]:
        """The newest hour's mean of each metric, and how many minutes of the hour it covers."""
        newest = self._ring(state, np.array([station], dtype=np.intp))[0, :, -1].tolist()
        covered = state.own["seconds"][station].tolist()
        found: dict[str, float] = {}
        for metric, mean, seconds in zip(self._entry.metrics, newest, covered, strict=True):
            if mean != NOTHING:
                found[metric] = mean / SCALE
            found[f"minutes_{metric}"] = min(seconds, 3_600) / 60
        return found
