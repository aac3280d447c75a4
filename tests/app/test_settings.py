"""One settings file and the environment over it: paths, secrets, shipped rules, and every problem at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from citybrain.environment import overlay
from citybrain.settings import Settings, load_settings, zone_of
from domain.errors import Misconfigured
from rules.settings import SHIPPED_FILES, SHIPPED_LIMITS
from runtime.clock import AnchoredClock, SystemClock
from tests.app.installation import Site, write_installation, write_yaml

SECTIONS = ("web", "ingest", "series")


def faults(file: Path, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        load_settings(file, environment or {})
    return [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]


def settings_with(folder: Path, environment: dict[str, str] | None = None, **sections: Any) -> Settings:
    return load_settings(write_installation(folder, **sections).file, environment or {})


def test_a_variable_names_its_place_by_double_underscores() -> None:
    found = overlay({}, {"CITYBRAIN_INGEST__BROKER__HOST": "mqtt.intra"}, sections=SECTIONS)
    assert found == {"ingest": {"broker": {"host": "mqtt.intra"}}}


def test_a_variable_wins_over_the_file_and_leaves_its_neighbours() -> None:
    content = {"web": {"port": 8050, "host": "0.0.0.0"}}
    assert overlay(content, {"CITYBRAIN_WEB__PORT": "9000"}, sections=SECTIONS) == {
        "web": {"port": 9000, "host": "0.0.0.0"}
    }
    assert content["web"]["port"] == 8050


def test_a_variable_may_replace_what_is_no_mapping() -> None:
    assert overlay({"web": None}, {"CITYBRAIN_WEB__PORT": "1"}, sections=SECTIONS) == {"web": {"port": 1}}


@pytest.mark.parametrize("variable", ["CITYBRAIN_PARENT", "CITYBRAIN_TEST__WEB", "HOME", "WEB__PORT", "citybrain_web"])
def test_variables_of_others_do_not_count(variable: str) -> None:
    assert overlay({}, {variable: "x"}, sections=SECTIONS) == {}


@pytest.mark.parametrize(
    ("text", "value"), [("8050", 8050), ("true", True), ("[a, b]", ["a", "b"]), ("5m", "5m"), ("", None)]
)
def test_values_are_read_as_yaml(text: str, value: object) -> None:
    assert overlay({}, {"CITYBRAIN_WEB__X": text}, sections=SECTIONS) == {"web": {"x": value}}


@given(st.text(min_size=1))
def test_secrets_are_taken_as_they_stand(text: str) -> None:
    for name in ("PASSWORD", "TOKEN"):
        found = overlay({}, {f"CITYBRAIN_SERIES__INFLUXDB__{name}": text}, sections=SECTIONS)
        assert found == {"series": {"influxdb": {name.lower(): text}}}


def test_a_variable_that_is_not_yaml_is_named(site: Site) -> None:
    [fault] = faults(site.file, {"CITYBRAIN_WEB__HOST": "[127.0.0.1"})
    assert fault.startswith("environment variable CITYBRAIN_WEB__HOST") and "not YAML" in fault


@pytest.mark.parametrize("text", ["{port: 8", "2026-13-45", "\x00"])
def test_no_variable_makes_a_traceback(site: Site, text: str) -> None:
    assert faults(site.file, {"CITYBRAIN_WEB__HOST": text})


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    settings = settings_with(
        tmp_path,
        catalogue="more/catalogue.yaml",
        embedded_broker={"configuration": "broker.toml"},
        ingest={"broker": {"username": "u", "password_file": "secrets/mqtt", "tls": {"ca": "ca.pem"}}},
        series={"influxdb": {"token_file": "secrets/token"}},
        notify={"routes": [{"id": "duty", "url_file": "secrets/duty"}]},
    )
    assert settings.data == tmp_path / "data"
    assert settings.catalogue == tmp_path / "more" / "catalogue.yaml"
    assert settings.embedded_broker is not None
    assert settings.embedded_broker.configuration == tmp_path / "broker.toml"
    assert settings.ingest.broker.password_file == tmp_path / "secrets" / "mqtt"
    assert settings.ingest.broker.tls is not None and settings.ingest.broker.tls.ca == tmp_path / "ca.pem"
    assert settings.series.influxdb is not None
    assert settings.series.influxdb.token_file == tmp_path / "secrets" / "token"
    assert settings.notify.routes[0].url_file == tmp_path / "secrets" / "duty"


def test_absolute_paths_stay(tmp_path: Path) -> None:
    assert settings_with(tmp_path, data="/var/lib/citybrain").data == Path("/var/lib/citybrain")


def paths_of(model: type[BaseModel], at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Where a settings file may hold a path."""
    found: set[tuple[str, ...]] = set()
    for name, field in model.model_fields.items():
        parts = {field.annotation, *getattr(field.annotation, "__args__", ())}
        found |= {(*at, name) for part in parts if part is Path}
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel):
                found |= paths_of(part, (*at, name))
    return found


def test_every_path_that_a_file_may_hold_is_relative_to_it(tmp_path: Path) -> None:
    """Those that stand in lists have tests of their own."""
    lists = {("rules",), ("notify",), ("ingest", "mappings"), ("ingest", "listeners")}
    fields = sorted(field for field in paths_of(Settings) if not {field[:1], field[:2]} & lists)
    environment = {f"CITYBRAIN_{'__'.join(field).upper()}": "some/file" for field in fields}
    environment |= {"CITYBRAIN_INGEST__BROKER__USERNAME": "u", "CITYBRAIN_SERIES__INFLUXDB__GENERATION": "1"}
    settings = settings_with(tmp_path, environment)
    for field in fields:
        value: Any = settings
        for name in field:
            value = getattr(value, name)
        assert (field, value) == (field, tmp_path / "some" / "file")


def test_paths_in_lists_of_the_intake_are_relative_to_the_file_too(tmp_path: Path) -> None:
    listener = {"kind": "hj212", "port": 9212, "password_file": "pw"}
    (tmp_path / "acme.yaml").write_text("{}", encoding="utf-8")
    ingest = settings_with(tmp_path, ingest={"mappings": ["acme.yaml"], "listeners": [listener]}).ingest
    assert ingest.mappings == (tmp_path / "acme.yaml",)
    assert ingest.listeners[0].password_file == tmp_path / "pw"


def test_shipped_stands_for_the_files_that_come_with_citybrain(tmp_path: Path) -> None:
    rules = settings_with(tmp_path, rules={"files": ["shipped", "mine.yaml"], "limits": ["shipped"]}).rules
    assert rules.files == (*SHIPPED_FILES, tmp_path / "mine.yaml")
    assert rules.limits == SHIPPED_LIMITS


def test_a_shipped_file_that_is_named_beside_the_shipped_ones_counts_once(tmp_path: Path) -> None:
    named = ["shipped", str(SHIPPED_FILES[-1])]
    assert settings_with(tmp_path, rules={"files": named}).rules.files == SHIPPED_FILES


def test_without_a_word_on_rules_the_shipped_ones_count(site: Site) -> None:
    assert site.settings().rules.files == SHIPPED_FILES


def test_every_problem_comes_at_once_with_its_line(site: Site) -> None:
    site.file.write_text("data: data\ncity: c\nwebb: {}\nweb:\n  port: 99999\njournal:\n  keep: 5x\n", encoding="utf-8")
    found = faults(site.file)
    assert [fault.split(":")[0:2] for fault in found] == [
        ["1", " devices"],
        ["7", " journal.keep"],
        ["5", " web.port"],
        ["3", " webb"],
    ]


@pytest.mark.parametrize("text", ["- a\n", "5\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_refused(site: Site, text: str) -> None:
    site.file.write_text(text, encoding="utf-8")
    assert faults(site.file) == ["1: must be a mapping of sections; see examples/"]


@pytest.mark.parametrize("routes", [5, "all", {"id": "x"}, [5], None])
def test_routes_of_another_shape_are_a_problem_not_a_traceback(tmp_path: Path, routes: object) -> None:
    file = write_installation(tmp_path, notify={"routes": routes}).file
    assert any("notify.routes" in fault for fault in faults(file))


@pytest.mark.parametrize(
    "sections",
    [
        {"ingest": {"broker": {"username": "u", "password": "swordfish", "password_file": "x"}}},
        {"ingest": {"broker": {"password": "swordfish"}}},
        {"ingest": {"broker": {"username": "u", "password": ["swordfish"]}}},
        {"ingest": {"broker": {"username": "u", "passwort": "swordfish"}}},
        {"series": {"influxdb": {"token": "swordfish", "token_file": "x"}}},
        {"series": {"influxdb": {"generation": 9, "token": "swordfish"}}},
        {"records": {"url": ["postgresql://u:swordfish@db"]}},
        {"notify": {"routes": [{"id": "X", "url": "mailto://u:swordfish@mail"}]}},
        {"notify": {"routes": [{"id": "x", "url": {"mailto": "swordfish"}}]}},
    ],
)
def test_no_problem_repeats_a_secret(tmp_path: Path, sections: dict[str, Any]) -> None:
    file = write_installation(tmp_path, **sections).file
    assert "swordfish" not in "\n".join(faults(file))


def test_no_secret_is_in_the_repr(tmp_path: Path) -> None:
    settings = settings_with(
        tmp_path,
        ingest={"broker": {"username": "u", "password": "swordfish"}},
        series={"influxdb": {"token": "swordfish"}},
        records={"url": "postgresql://u:swordfish@db"},
        notify={"routes": [{"id": "x", "url": "mailto://u:swordfish@mail"}]},
    )
    assert "swordfish" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.ingest.broker.secret() == "swordfish"


def test_a_password_from_the_environment_is_a_secret_too(tmp_path: Path) -> None:
    environment = {"CITYBRAIN_INGEST__BROKER__USERNAME": "u", "CITYBRAIN_INGEST__BROKER__PASSWORD": "0123"}
    broker = settings_with(tmp_path, environment).ingest.broker
    assert broker.password == SecretStr("0123")


def test_a_journal_shorter_than_the_lateness_is_refused(tmp_path: Path) -> None:
    file = write_installation(tmp_path, journal={"keep": "1h"}).file
    [fault] = faults(file)
    assert "journal.keep (3600 s) is shorter than ingest.late_horizon (93600 s)" in fault


def test_without_a_clock_the_citys_time_is_the_machines(site: Site) -> None:
    assert isinstance(site.settings().make_clock(), SystemClock)


def test_a_clock_is_anchored_where_the_file_says(tmp_path: Path) -> None:
    real = datetime.now(UTC)
    clock = settings_with(
        tmp_path, clock={"real": real.isoformat(), "city": "2026-06-01T20:00:00+08:00", "speed": 60}
    ).make_clock()
    assert isinstance(clock, AnchoredClock)
    assert timedelta(0) <= clock.now() - datetime(2026, 6, 1, 12, tzinfo=UTC) < timedelta(hours=1)


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        ({"real": "2026-06-01T20:00:00", "city": "2026-06-01T20:00:00Z"}, "has no zone; write Z or an offset"),
        ({"real": "2026-06-01T20:00:00Z", "city": "2026-06-01T20:00:00Z", "speed": 0}, "greater than 0"),
    ],
)
def test_a_clock_that_cannot_run_is_refused(tmp_path: Path, clock: dict[str, Any], words: str) -> None:
    file = write_installation(tmp_path, clock=clock).file
    assert any(words in fault for fault in faults(file))


def test_an_unknown_zone_of_time_says_what_to_write() -> None:
    assert zone_of("Asia/Shanghai").key == "Asia/Shanghai"
    for name in ("Mars/Olympus", "", "../../etc/passwd", "Asia"):
        with pytest.raises(ValueError, match="is not known; write a name such as Asia/Shanghai"):
            zone_of(name)


def test_the_example_for_production_is_a_settings_file() -> None:
    example = Path(__file__).parents[2] / "examples" / "production.yaml"
    settings = load_settings(example, {})
    assert settings.ingest.broker.port == 8883


def test_the_environment_is_not_asked_when_one_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_WEB__PORT", "9999")
    assert settings_with(tmp_path).web.port == 8050


def test_rule_files_that_are_no_list_are_a_problem(tmp_path: Path) -> None:
    write_yaml(tmp_path / "x.yaml", {})
    file = write_installation(tmp_path, rules={"files": "shipped"}).file
    assert any("rules.files" in fault for fault in faults(file))
