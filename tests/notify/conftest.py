"""A small city, its rule, and records on a fresh file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.conditions import RuleCard, Severity
from domain.devices import Device, Registry
from domain.places import City, Named, Place, Road
from notify.texts import NoticeWriter
from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.records.samples import CLAUSE


@pytest.fixture
def writer() -> NoticeWriter:
    place = Place(lon=118.8, lat=32.06)
    city = City(
        zh="江城",
        en="Jiangcheng",
        timezone="Asia/Shanghai",
        centre=place,
        districts=(Named(id="gulou", zh="鼓楼区", en="Gulou"),),
        roads=(Road(id="zhongshan", zh="中山路", en="Zhongshan Road"),),
    )
    meter = Device(
        id="NM-0012",
        kind="noise_meter",
        zh="市一小学",
        en="No. 1 primary school",
        place=place,
        interval_s=60.0,
        district="gulou",
        road="zhongshan",
    )
    card = RuleCard(
        id="noise-zone",
        zh="区域噪声超标",
        en="Noise over the limit",
        severity=Severity.YELLOW,
        clause=CLAUSE,
        kind="limit",
    )
    return NoticeWriter(cards={card.id: card}, registry=Registry(city=city, kinds={}, devices={meter.id: meter}))


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records.open(f"sqlite:///{tmp_path}/records.db", settings=RecordsSettings())
    yield opened
    opened.close()
