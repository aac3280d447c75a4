"""Hangs the devices into the plan: lamps behind their cabinets, covers, noise meters in their zones, air stations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.places import NoiseZone, RoadGrade
from simulators.dice import Dice
from simulators.layout.geometry import Line, Point, beside, distance_to, length
from simulators.layout.ground import district_of, railway
from simulators.layout.names import QUARTERS, WELLS
from simulators.layout.streets import Street, StreetClass

LAMPS = {RoadGrade.MAIN: 68, RoadGrade.SECONDARY: 52, RoadGrade.BRANCH: 52}
"""So many on a road that one dark lamp keeps a main road (98.5 %) and any other (98.1 %) above its target."""
CABINETS = {RoadGrade.MAIN: 2, RoadGrade.SECONDARY: 1, RoadGrade.BRANCH: 1}
COVERS_PER_ROAD = 15
AIR_STATIONS = 20
NOISE_METERS = {
    NoiseZone.ZERO: 4,
    NoiseZone.ONE: 14,
    NoiseZone.TWO: 16,
    NoiseZone.THREE: 8,
    NoiseZone.FOUR_A: 14,
    NoiseZone.FOUR_B: 4,
}
_AREAS: dict[NoiseZone, tuple[Point, Point]] = {
    NoiseZone.ZERO: ((-6.9, -2.2), (6.6, 3.6)),
    NoiseZone.ONE: ((-6.4, -3.0), (7.8, 3.6)),
    NoiseZone.TWO: ((-5.0, -2.3), (6.5, 2.7)),
    NoiseZone.THREE: ((-8.9, -2.9), (-6.8, 3.4)),
}
"""South-west and north-east corner of where the zones away from roads lie."""
_PEACE_KM = {NoiseZone.ZERO: 0.16, NoiseZone.ONE: 0.11, NoiseZone.TWO: 0.05, NoiseZone.THREE: 0.06}
"""Least distance from a named road or the ring."""
_SITES = {
    NoiseZone.ZERO: (("疗养院", "Sanatorium"),),
    NoiseZone.ONE: (("小区", "Residence"), ("小学", "School"), ("医院", "Hospital")),
    NoiseZone.TWO: (("广场", "Plaza"), ("市场", "Market"), ("商务楼", "Offices")),
    NoiseZone.THREE: (("工业园", "Works"), ("物流园", "Depot")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hung:
    """A device in its place on the plan. Intervals and degrees come when it is written down."""

    id: str
    kind: str
    zh: str
    en: str
    point: Point
    department: str
    zone: NoiseZone | None = None
    road: str | None = None
    parent: str | None = None

    @property
    def district(self) -> str:
        return district_of(self.point).id


def hang_devices(seed: int, streets: Sequence[Street]) -> tuple[Hung, ...]:
    """Every device of the city, by kind and number."""
    roads = [street for street in streets if street.cls is StreetClass.NAMED]
    return (
        *_noise_meters(seed, streets),
        *_air_stations(seed),
        *_cabinets(roads),
        *_lamps(roads),
        *_covers(seed, roads),
    )


def _sections(roads: Sequence[Street]) -> Iterator[tuple[str, Street, int, int]]:
    """Each cabinet's id, its road, and the first and one past the last of the road's lamps that hang on it."""
    number = 0
    for road in roads:
        grade = _grade(road)
        lamps, cabinets = LAMPS[grade], CABINETS[grade]
        for section in range(cabinets):
            number += 1
            yield f"FC-{number:02d}", road, section * lamps // cabinets, (section + 1) * lamps // cabinets


def _cabinets(roads: Sequence[Street]) -> Iterator[Hung]:
    for id_, road, first, end in _sections(roads):
        middle = road.length_km * (first + end) / 2 / LAMPS[_grade(road)]
        yield Hung(
            id=id_,
            kind="feeder_cabinet",
            zh=f"{road.zh} {id_[3:]} 号配电箱",
            en=f"{road.en} feeder cabinet {id_[3:]}",
            point=beside(road.line, middle, offset=0.018),
            department="lighting",
            road=road.id,
        )


def _lamps(roads: Sequence[Street]) -> Iterator[Hung]:
    number = 0
    for cabinet, road, first, end in _sections(roads):
        for place in range(first, end):
            number += 1
            yield Hung(
                id=f"LP-{number:04d}",
                kind="lamp",
                zh=f"{road.zh} {place + 1:03d} 号路灯",
                en=f"{road.en} lamp {place + 1:03d}",
                point=beside(
                    road.line,
                    road.length_km * (place + 0.5) / LAMPS[_grade(road)],
                    offset=0.012 if place % 2 else -0.012,
                ),
                department="lighting",
                road=road.id,
                parent=cabinet,
            )


def _covers(seed: int, roads: Sequence[Street]) -> Iterator[Hung]:
    for r, road in enumerate(roads):
        dice = Dice(seed, "covers", road.id)
        for i in range(COVERS_PER_ROAD):
            zh, en = WELLS[dice.pick(len(WELLS), 3 * i)]
            along = road.length_km * (i + dice.between(0.1, 0.9, 3 * i + 1)) / COVERS_PER_ROAD
            yield Hung(
                id=f"MC-{r * COVERS_PER_ROAD + i + 1:03d}",
                kind="manhole_cover",
                zh=f"{road.zh} {i + 1:02d} 号{zh}",
                en=f"{road.en} {en} {i + 1:02d}",
                point=beside(road.line, along, offset=dice.between(-0.006, 0.006, 3 * i + 2)),
                department="drainage",
                road=road.id,
            )


def _noise_meters(seed: int, streets: Sequence[Street]) -> Iterator[Hung]:
    dice = Dice(seed, "noise meters")
    number = 0
    for zone, count in NOISE_METERS.items():
        for i in range(count):
            number += 1
            yield _noise_meter(dice, number, zone, i, streets)


def _noise_meter(dice: Dice, number: int, zone: NoiseZone, i: int, streets: Sequence[Street]) -> Hung:
    road: str | None = None
    match zone:
        case NoiseZone.FOUR_A:
            mains = [street for street in streets if street.grade is RoadGrade.MAIN]
            beside_road = mains[i % len(mains)]
            half = (i + i // len(mains)) % 2
            along = beside_road.length_km * (0.5 * half + dice.between(0.1, 0.4, 1000 + number))
            point = beside(beside_road.line, along, offset=dice.between(0.02, 0.034, 2000 + number))
            part_zh, part_en = _part(beside_road.line, half)
            zh, en, road = f"{beside_road.zh}{part_zh}路侧", f"{beside_road.en} {part_en} roadside", beside_road.id
        case NoiseZone.FOUR_B:
            track: Line = railway()
            point = beside(track, length(track) * (i + 0.5) / NOISE_METERS[zone], offset=-0.04)
            zh, en = f"铁路沿线 {i + 1} 号", f"Trackside {i + 1}"
        case NoiseZone.ZERO | NoiseZone.ONE | NoiseZone.TWO | NoiseZone.THREE:
            point = _quiet_point(dice, number, zone, streets)
            quarter, site = QUARTERS[(number * 5) % len(QUARTERS)], _SITES[zone][i % len(_SITES[zone])]
            zh, en = f"{quarter[0]}{site[0]}", f"{quarter[1]} {site[1]}"
    return Hung(
        id=f"NM-{number:03d}",
        kind="noise_meter",
        zh=f"{zh}噪声点",
        en=f"{en} noise meter",
        point=point,
        department="environment",
        zone=zone,
        road=road,
    )


def _part(line: Line, half: int) -> tuple[str, str]:
    """What people call this half of a road; roads begin in the west or in the south."""
    is_east_west = abs(line[-1][0] - line[0][0]) > abs(line[-1][1] - line[0][1])
    return ((("西段", "west"), ("东段", "east")) if is_east_west else (("南段", "south"), ("北段", "north")))[half]


def _quiet_point(dice: Dice, number: int, zone: NoiseZone, streets: Sequence[Street]) -> Point:
    """A point of the zone's area as far from the busy roads as the zone asks for; the most remote of 60 tries."""
    (west, south), (east, north) = _AREAS[zone]
    busy = [street.line for street in streets if street.cls is not StreetClass.SIDE]
    best, peace = (0.0, 0.0), -1.0
    for t in range(60):
        index = 10_000 + number * 200 + 2 * t
        point = (dice.between(west, east, index), dice.between(south, north, index + 1))
        distance = min(distance_to(line, point) for line in busy)
        if distance >= _PEACE_KM[zone]:
            return point
        if distance > peace:
            best, peace = point, distance
    return best


def _air_stations(seed: int) -> Iterator[Hung]:
    """On a loose grid of 5 by 4, so that every district has its share."""
    dice = Dice(seed, "air stations")
    for i in range(AIR_STATIONS):
        column, row = i % 5, i // 5
        quarter = QUARTERS[(i * 3 + 7) % len(QUARTERS)]
        number = i // len(QUARTERS) + 1
        yield Hung(
            id=f"AS-{i + 1:02d}",
            kind="air_station",
            zh=f"{quarter[0]}空气站" if number == 1 else f"{quarter[0]}{'一二三'[number - 1]}站空气站",
            en=f"{quarter[1]} air station" if number == 1 else f"{quarter[1]} air station {number}",
            point=(
                -7.0 + 3.5 * column + dice.between(-0.9, 0.9, 2 * i),
                -2.3 + 1.8 * row + dice.between(-0.5, 0.5, 2 * i + 1),
            ),
            department="environment",
        )


def _grade(road: Street) -> RoadGrade:
    if road.grade is None:
        raise ValueError(f"street {road.id or road.line[0]} has no grade: lamps hang on named roads only")
    return road.grade
