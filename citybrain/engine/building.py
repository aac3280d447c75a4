"""Builds every part of the engine once and hands them to each other; nothing runs yet."""

from dataclasses import dataclass

from cases.service import AlertService
from citybrain.assembly import Installation
from citybrain.edge.alert_json import Gazetteer
from citybrain.engine.cards import CurrentCards
from citybrain.engine.evaluation import Evaluation
from citybrain.engine.judging import RuleDesk
from citybrain.engine.latest import LatestValues
from citybrain.engine.memory import RuleMemory
from citybrain.engine.open_alerts import OpenAlerts
from citybrain.engine.picture import Photographer, Scene
from citybrain.engine.redrive import QuarantineRedrive
from citybrain.engine.reloading import RuleReload, compiled
from citybrain.engine.totals import Totals
from citybrain.engine.trends import Trends, charts_of
from domain.ports import Clock, SeriesStore, Session
from ingest.formats.choosing import Formats, choice_of
from ingest.formats.hj212.decoder import Hj212
from ingest.formats.hj212.keeping import KeptParts
from ingest.formats.sparkplug import open_sparkplug
from ingest.intake import Intake
from ingest.pipeline import Pipeline
from ingest.rebirths import Rebirths
from ingest.sessions.opening import open_session
from ingest.statistics import Statistics
from notify.delivery import Deliverer
from notify.planning import NoticePlanner
from notify.routes import open_channels
from notify.texts import NoticeWriter
from rules.fingerprints import fingerprints
from store.journal import Journal
from store.records.records import Records
from store.series.cardinality import check_series
from store.series.opening import open_series_store, target_of
from store.series.pump import SeriesPump
from store.series.refusals import StoreRefusals
from store.series.roller import Roller


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything the engine consists of."""

    installation: Installation
    clock: Clock
    journal: Journal
    records: Records
    store: SeriesStore
    intake: Intake
    statistics: Statistics
    rebirths: Rebirths | None
    pump: SeriesPump
    refusals: StoreRefusals
    roller: Roller
    desk: RuleDesk
    service: AlertService
    evaluation: Evaluation
    deliverer: Deliverer
    latest: LatestValues
    alerts: OpenAlerts
    totals: Totals
    gazetteer: Gazetteer
    redrive: QuarantineRedrive
    photographer: Photographer
    trends: Trends
    reload: RuleReload

    def close(self) -> None:
        self.store.close()
        self.journal.close()
        self.records.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _WayIn:
    """From the broker to settlements, and the little that goes back."""

    pipeline: Pipeline
    session: Session
    rebirths: Rebirths | None


def _way_in(installation: Installation, clock: Clock, statistics: Statistics) -> _WayIn:
    registry, settings = installation.registry, installation.settings.ingest
    rebirths = Rebirths(settings.sparkplug, clock) if settings.sparkplug.rebirth else None
    kept = KeptParts(installation.settings.data / "hj212-parts")
    openers = {"sparkplug-b": lambda: open_sparkplug(rebirths), "hj212": lambda: Hj212(kept).decode}
    formats = Formats(choice_of(settings, registry, openers))
    return _WayIn(
        pipeline=Pipeline(registry, installation.catalogue, settings, statistics=statistics, formats=formats),
        session=open_session(settings, clock, rebirths),
        rebirths=rebirths,
    )


def build(installation: Installation, clock: Clock) -> Parts:
    """Open the files and databases. Raises Misconfigured, Refused (somebody else has them) or Temporary (away)."""
    settings, registry, catalogue = installation.settings, installation.registry, installation.catalogue
    settings.data.mkdir(parents=True, exist_ok=True)
    statistics = Statistics(settings.ingest.feed_ids)
    way_in = _way_in(installation, clock, statistics)
    pipeline = way_in.pipeline
    desk = RuleDesk(compiled(installation.ruleset, settings.rules, registry, pipeline.vocabulary))
    records = Records.open(settings.records.url_in(settings.data), settings=settings.records)
    with records.transaction() as books:
        books.devices.replace(registry)
    journal = Journal(settings.data / "journal", vocabulary=pipeline.vocabulary, settings=settings.journal)
    check_series(settings.series, registry)
    store = open_series_store(settings.series, settings.data, catalogue)
    refusals = StoreRefusals(records, store=store, target=target_of(settings.series))
    cards = CurrentCards(desk)
    writer = NoticeWriter(cards=cards, registry=registry)
    planner = NoticePlanner(routes=settings.notify.routes, writer=writer)
    service = AlertService(records, cards=cards, planner=planner, clock=clock)
    service.retire(desk.program.is_watched)
    channels = open_channels(settings.notify, directory=settings.data)
    with records.snapshot() as books:
        alerts = OpenAlerts(books.alerts.every_open())
        totals = Totals(books.ledger.totals())
    gazetteer = Gazetteer(registry)
    latest = LatestValues(pipeline.layout)
    before = journal.last_sequence
    redrive = QuarantineRedrive(records, is_caught_up=lambda: service.recorded_through() >= before)
    scene = Scene(registry=registry, desk=desk, latest=latest, alerts=alerts, gazetteer=gazetteer)
    memory = RuleMemory(records, desk, fingerprints(installation.ruleset))
    evaluation = Evaluation(journal=journal, desk=desk, service=service, memory=memory, clock=clock)
    return Parts(
        installation=installation,
        clock=clock,
        journal=journal,
        records=records,
        store=store,
        intake=Intake(way_in.session, pipeline, journal, clock, settings.ingest, redrive=redrive),
        statistics=statistics,
        rebirths=way_in.rebirths,
        pump=SeriesPump(
            journal=journal, store=store, clock=clock, settings=settings.series.pump, on_refused=refusals.keep
        ),
        refusals=refusals,
        roller=Roller(journal=journal, store=store, catalogue=catalogue, settings=settings.series),
        desk=desk,
        service=service,
        evaluation=evaluation,
        deliverer=Deliverer(records, channels=channels, clock=clock, settings=settings.notify),
        latest=latest,
        alerts=alerts,
        totals=totals,
        gazetteer=gazetteer,
        redrive=redrive,
        photographer=Photographer(scene),
        trends=Trends(charts=charts_of(registry), desk=desk, store=store, catalogue=catalogue),
        reload=RuleReload(
            installation,
            vocabulary=pipeline.vocabulary,
            wishes=evaluation.wishes,
            records=records,
            clock=clock,
        ),
    )
