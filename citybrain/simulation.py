"""Points the simulators at an installation: its broker, its city, its clock."""

from datetime import datetime

from citybrain.settings import Settings
from domain.errors import Refused
from ingest.settings import BrokerSettings
from runtime.stopping import Stop
from simulators.running import run
from simulators.settings import BrokerAddress, SimulationSettings


def simulate_for(settings: Settings, *, scenario: str, seed: int, stop: Stop) -> None:
    """Until asked to stop. Started again, it goes on with the story of the installation's clock."""
    begin: datetime | None = settings.clock.city if settings.clock else None
    simulation = SimulationSettings(
        broker=address_of(settings.ingest.broker, client_id="citybrain-simulators"),
        city=settings.city,
        devices=settings.devices,
        catalogue=settings.catalogue,
        scenario=scenario,
        seed=seed,
        begin=begin,
    )
    run(simulation, settings.make_clock(), stop)


def address_of(broker: BrokerSettings, *, client_id: str) -> BrokerAddress:
    """The same broker, for a publisher or a recorder of its own name. Raises Refused for one with TLS or websockets."""
    if broker.tls is not None or broker.transport != "tcp":
        raise Refused(
            f"simulators speak plain MQTT over TCP, which is not how {broker.host}:{broker.port} is reached by these"
            " settings; give them settings of a trial broker with a plain listener"
        )
    return BrokerAddress(
        host=broker.host,
        port=broker.port,
        protocol=broker.protocol,
        client_id=client_id,
        username=broker.username,
        password=broker.password,
        password_file=broker.password_file,
    )
