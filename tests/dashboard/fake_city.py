"""A plausible city of some 1,600 devices in the words of docs/internal-api.md; the same at every run."""

import math
import random
from typing import Any

Json = dict[str, Any]

LON, LAT = 123.43, 41.8
KM_PER_DEG_LON, KM_PER_DEG_LAT = 83.1, 111.2
EAST_WEST = [
    ("黄河大街", "Huanghe Street", 3.6),
    ("崇山路", "Chongshan Road", 2.1),
    ("建设路", "Jianshe Road", 0.8),
    ("中山路", "Zhongshan Road", -0.5),
    ("文化路", "Wenhua Road", -1.8),
    ("滨河路", "Binhe Road", -3.0),
]
NORTH_SOUTH = [
    ("工业一路", "Gongye 1st Road", -7.0),
    ("兴华街", "Xinghua Street", -4.8),
    ("青年大街", "Qingnian Street", -2.2),
    ("解放路", "Jiefang Road", 0.2),
    ("长江街", "Changjiang Street", 2.6),
    ("泰山路", "Taishan Road", 5.0),
    ("东环路", "East Ring Road", 7.2),
]
DISTRICTS = [
    ("和宁区", "Hening", -3.4, 1.4),
    ("北望区", "Beiwang", -1.2, 3.0),
    ("东明区", "Dongming", 3.9, 2.9),
    ("中河区", "Zhonghe", 1.5, 0.2),
    ("西工区", "Xigong", -6.0, 0.2),
    ("南浦区", "Nanpu", 2.8, -2.4),
]
METRICS = [
    {"code": "laeq", "zh": "等效声级", "en": "Equivalent sound level", "unit": "dB(A)"},
    {"code": "cover_open", "zh": "井盖开启", "en": "Cover open", "unit": "1"},
]
KINDS = [
    {"code": "noise_meter", "zh": "噪声监测仪", "en": "Noise meter"},
    {"code": "air_station", "zh": "空气监测站", "en": "Air station"},
    {"code": "lamp", "zh": "路灯", "en": "Street lamp"},
    {"code": "feeder_cabinet", "zh": "配电箱", "en": "Feeder cabinet"},
    {"code": "manhole_cover", "zh": "智能井盖", "en": "Manhole cover"},
]
COUNTS = {
    "noise_meter": ("NM", 60),
    "air_station": ("AS", 18),
    "feeder_cabinet": ("FC", 39),
    "manhole_cover": ("MC", 300),
}


def degrees(x_km: float, y_km: float) -> list[float]:
    turn = math.radians(-11)
    x, y = x_km * math.cos(turn) - y_km * math.sin(turn), x_km * math.sin(turn) + y_km * math.cos(turn)
    return [round(LON + x / KM_PER_DEG_LON, 6), round(LAT + y / KM_PER_DEG_LAT, 6)]


def city(*, seed: int = 7, is_demo: bool = True) -> Json:
    """The answer to GET /internal/city."""
    chance = random.Random(seed)
    streets = _streets(chance)
    demo = {"speed": 1.0, "zh": "演示城市 · 虚构数据", "en": "Demo city · fictional data"} if is_demo else None
    return {
        **{"zh": "示例市城市运行管理中心", "en": "Example City Operations Center", "timezone": "Asia/Shanghai"},
        **{"lon": LON, "lat": LAT, "demo": demo},
        "districts": [{"id": en.lower(), "zh": zh, "en": en} for zh, en, _, _ in DISTRICTS],
        "roads": [{"id": s["id"], "zh": s["zh"], "en": s["en"], "grade": s["grade"]} for s in streets],
        "departments": [],
        "kinds": KINDS,
        "metrics": METRICS,
        "devices": [*_lamps(streets), *_others(streets, chance)],
        "rules": [],
        "map": {"type": "FeatureCollection", "features": _features(streets, chance)},
    }


def _streets(chance: random.Random) -> list[Json]:
    across = [(zh, en, (-9.6, y), (9.6, y + chance.uniform(-0.3, 0.3))) for zh, en, y in EAST_WEST]
    along = [(zh, en, (x, -5.4), (x + chance.uniform(-0.4, 0.4), 5.6)) for zh, en, x in NORTH_SOUTH]
    return [
        {
            **{"id": f"road-{n:02d}", "zh": zh, "en": en, "grade": "main" if n % 3 else "secondary"},
            "course": _wave(start, end, amplitude=chance.uniform(0.1, 0.3), phase=n),
        }
        for n, (zh, en, start, end) in enumerate(across + along)
    ]


def _wave(
    start: tuple[float, float], end: tuple[float, float], *, amplitude: float, phase: float, steps: int = 46
) -> list[tuple[float, float]]:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    points = []
    for n in range(steps + 1):
        t = n / steps
        swing = amplitude * math.sin(t * math.pi * 1.7 + phase)
        points.append((start[0] + dx * t - dy / length * swing, start[1] + dy * t + dx / length * swing))
    return points


def _lamps(streets: list[Json]) -> list[Json]:
    lamps: list[Json] = []
    for street in streets:
        for (x0, y0), (x1, y1) in zip(street["course"], street["course"][1:], strict=False):
            for part in (0.0, 0.5):
                x, y = x0 + (x1 - x0) * part, y0 + (y1 - y0) * part
                if y > -3.4 and abs(x) < 9.2:
                    number = f"SL-{len(lamps) + 1:04d}"
                    lamps.append(
                        _device(number, "lamp", street, (x, y), (f"{street['zh']}路灯", f"Lamp {street['en']}"))
                    )
    return lamps


def _others(streets: list[Json], chance: random.Random) -> list[Json]:
    names = {kind["code"]: kind for kind in KINDS}
    devices = []
    for kind, (prefix, count) in COUNTS.items():
        for n in range(count):
            street = chance.choice(streets)
            x, y = chance.choice([p for p in street["course"] if p[1] > -3.2 and abs(p[0]) < 9])
            spread = 0.12 if kind in ("manhole_cover", "feeder_cabinet") else 0.7
            x, y = x + chance.uniform(-spread, spread), y + chance.uniform(-spread, spread)
            both = f"{street['zh']}{names[kind]['zh']}", f"{names[kind]['en']}, {street['en']}"
            devices.append(_device(f"{prefix}-{n + 1:04d}", kind, street, (x, y), both))
    return devices


def _device(identifier: str, kind: str, street: Json, place: tuple[float, float], names: tuple[str, str]) -> Json:
    lon, lat = degrees(*place)
    zh, en = names
    zone = "2" if kind == "noise_meter" else None
    return {
        **{"id": identifier, "kind": kind, "zh": zh, "en": en, "lon": lon, "lat": lat},
        **{"district": None, "road": street["id"], "zone": zone},
    }


def _features(streets: list[Json], chance: random.Random) -> list[Json]:
    river = [(-10.5, -3.5), (-7, -3.75), (-4, -3.5), (-1, -3.95), (2, -3.7), (5, -4.15), (8, -3.8), (10.5, -4.2)]
    banks = [*river, *[(x, y - 0.55) for x, y in reversed(river)], river[0]]
    land = [(-9.3, -3.4), (9.3, -3.4), (9.6, 2.8), (7, 5.2), (-7, 5.4), (-9.5, 3), (-9.3, -3.4)]
    ring = [(8.06 * math.cos(n / 45 * math.pi), 4.3 * math.sin(n / 45 * math.pi) + 0.4) for n in range(91)]
    parks = [(-3.4, 4.2, 0.9, 0.55), (3.8, 1.4, 0.55, 0.4), (-0.9, -1.1, 0.4, 0.3), (6.2, -2.2, 0.7, 0.45)]
    return [
        _area("land", land),
        _area("water", banks),
        *(
            _area("park", [(x - w, y - h), (x + w, y - h * 0.8), (x + w * 0.8, y + h), (x - w, y - h)])
            for x, y, w, h in parks
        ),
        _course("road", ring, cls=0, zh="环城快速路", en="Ring Expressway"),
        *(_course("road", s["course"], cls=1, zh=s["zh"], en=s["en"]) for s in streets),
        *(_course("road", _side_street(chance), cls=3) for _ in range(60)),
        _course("boundary", [(-9.6, 1.9), (-4.8, 2.0), (0.3, 2.2), (9.6, 2.1)]),
        _course("boundary", [(-4.7, 5.5), (-4.6, -0.4), (-4.8, -5.3)]),
        *(_point(x, y, zh=zh, en=en) for zh, en, x, y in DISTRICTS),
    ]


def _side_street(chance: random.Random) -> list[tuple[float, float]]:
    x, y = chance.uniform(-9, 7), chance.uniform(-2.9, 4.2)
    end = (x + chance.uniform(1.5, 4), y) if chance.random() < 0.5 else (x, y + chance.uniform(0.8, 2))
    return _wave((x, y), end, amplitude=0.05, phase=x, steps=10)


def _area(layer: str, outline: list[tuple[float, float]]) -> Json:
    return _feature("Polygon", [[degrees(*p) for p in outline]], layer=layer)


def _course(layer: str, points: list[tuple[float, float]], **more: Any) -> Json:
    return _feature("LineString", [degrees(*p) for p in points], layer=layer, **more)


def _point(x: float, y: float, **names: str) -> Json:
    return _feature("Point", degrees(x, y), layer="district", **names)


def _feature(kind: str, coordinates: Any, **properties: Any) -> Json:
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}
