"""All formats at once on one feed: each message is stored under its device, garbage stops none of the others."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from domain.messages import Reason
from ingest.formats.table import FORMATS
from tests.process.flood import Flood
from tests.process.house import House, running_broker
from tests.process.noises import noises
from tests.process.voices import MAPPING, register, voices

pytestmark = [pytest.mark.process, pytest.mark.service]

OTHERS = {"chirpstack-v4", "chirpstack-v3"}
"""Narrower names of a format that speaks here."""


def test_every_format_is_stored_under_its_device_and_garbage_of_each_is_quarantined_with_its_reason(
    tmp_path: Path,
) -> None:
    begin = datetime.now(UTC) - timedelta(minutes=5)
    spoken, garbage = voices(begin), noises(begin)
    with (
        running_broker("mosquitto", tmp_path / "broker") as broker,
        House(
            tmp_path / "house",
            broker,
            ingest={"feeds": [{"id": "everything", "topics": ["#"]}], "mappings": ["acme.yaml"]},
        ) as house,
        Flood(broker) as flood,
    ):
        register(house.folder / "city" / "devices.yaml", spoken)
        (house.folder / "acme.yaml").write_text(yaml.safe_dump(MAPPING, allow_unicode=True), encoding="utf-8")
        house.start()
        pid = house.engine.pid
        before, after = garbage[::2], garbage[1::2]
        flood.send([(one.topic, one.payload) for one in (*before, *spoken, *after)])
        house.wait_for_messages(len(spoken) + len(garbage))
        books = house.books()
        entries = house.query("quarantine", "--limit", "1000")
        assert house.engine.is_alive and house.engine.pid == pid
    stored = {row["device"]: (row["metric"], row["value"]) for row in books.rows}
    assert stored == {voice.device: voice.expected for voice in spoken}
    assert len(books.rows) == len(stored)
    assert Counter((row["topic"], Reason(row["reason"])) for row in entries) == Counter(
        (noise.topic, noise.reason) for noise in garbage
    )
    assert (books.messages.imbalance, books.readings.imbalance) == (0, 0)


def test_every_format_speaks_and_every_reason_is_provoked() -> None:
    """`store-refused` is not a matter of the message: tests/store/ has it with a real InfluxDB."""
    now = datetime.now(UTC)
    spoken = {voice.format for voice in voices(now)}
    assert spoken == {entry.name for entry in FORMATS} - OTHERS | {"mapping:acme"}
    assert {noise.reason for noise in noises(now)} == set(Reason) - {Reason.STORE_REFUSED}
