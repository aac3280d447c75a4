"""The simulators pointed at an installation: its own files, whatever they are called, and its own broker."""

from pathlib import Path

import pytest

from citybrain.simulation import address_of, simulate_for
from domain.errors import Refused
from ingest.settings import BrokerSettings, TlsSettings
from runtime.stopping import Stop
from simulators.running import load_stage
from simulators.settings import SimulationSettings
from tests.app.installation import write_installation
from tests.app.terminal import Terminal


def test_the_registry_is_the_one_that_the_settings_name(tmp_path: Path) -> None:
    site = write_installation(tmp_path)
    elsewhere = tmp_path / "ours.csv"
    elsewhere.write_text("id,kind,zh,en,lon,lat,zone\nNM-900,noise_meter,声级计,Meter,112.5,30.9,2\n", encoding="utf-8")
    settings = site.settings()
    stage = load_stage(SimulationSettings(city=settings.city, devices=elsewhere, scenario="calm"))
    assert list(stage.registry.devices) == ["NM-900"]


def test_an_installation_with_a_registry_of_another_name_is_simulated(tmp_path: Path) -> None:
    site = write_installation(tmp_path)
    settings = site.settings()
    moved = settings.devices.rename(tmp_path / "registry.yaml")
    stop = Stop()
    stop.ask()
    simulate_for(settings.model_copy(update={"devices": moved}), scenario="calm", seed=1, stop=stop)


@pytest.mark.parametrize(
    "broker", [BrokerSettings(tls=TlsSettings()), BrokerSettings(transport="websockets", session="paho")]
)
def test_a_broker_that_simulators_cannot_reach_is_refused_in_words(broker: BrokerSettings) -> None:
    with pytest.raises(Refused, match=r"plain MQTT over TCP.*127\.0\.0\.1:1883"):
        address_of(broker, client_id="x")


def test_the_command_says_so_too(terminal: Terminal, tmp_path: Path) -> None:
    site = write_installation(tmp_path, ingest={"broker": {"tls": {"insecure": True}}})
    ran = terminal.run("simulate", "--config", site.file)
    assert (ran.code, "plain MQTT over TCP" in ran.err) == (1, True)
