"""Points the simulators at an installation: its broker, its city, its clock."""

from datetime import datetime

from citybrain.settings import Settings
from ingest.settings import BrokerSettings
from runtime import logs
from runtime.stopping import Stop
from simulators.running import run
from simulators.settings import BrokerAddress, SimulationSettings

_log = logs.get(__name__)


def simulate_for(settings: Settings, *, scenario: str, seed: int, stop: Stop) -> None:
    """Until asked to stop. Started again, it goes on with the story of the installation's clock."""
    begin: datetime | None = settings.clock.city if settings.clock else None
    simulation = SimulationSettings(
        broker=address_of(settings.ingest.broker, client_id="citybrain-simulators"),
        city=settings.city.parent,
        catalogue=settings.catalogue,
        scenario=scenario,
        seed=seed,
        begin=begin,
    )
    report = run(simulation, settings.make_clock(), stop)
    _log.info("simulation ended", published=report.published, acknowledged=report.acknowledged)


def address_of(broker: BrokerSettings, *, client_id: str) -> BrokerAddress:
    """The same broker, for a publisher or a recorder of its own name."""
    return BrokerAddress(
        host=broker.host,
        port=broker.port,
        protocol=broker.protocol,
        client_id=client_id,
        username=broker.username,
        password=broker.password,
        password_file=broker.password_file,
    )
