"""`citybrain check` looks at the formats of feeds and at mapping files, too."""

from pathlib import Path

import yaml

from tests.app.installation import Site, write_installation
from tests.app.terminal import Terminal

MAPPING = {
    "name": "acme",
    "topics": ["acme/{device}/up"],
    "device": "{device}",
    "values": [{"path": "$.leq", "metric": "laeq"}, {"path": "$.x", "metric": "loudness"}],
}


def site_with(folder: Path, *, mapping: dict[str, object], feed: str = "mapping:acme") -> Site:
    feeds = [{"id": "acme", "topics": ["acme/#"], "format": feed}]
    site = write_installation(folder, ingest={"feeds": feeds, "mappings": ["acme.yaml"]})
    (folder / "acme.yaml").write_text(yaml.safe_dump(mapping, sort_keys=False), encoding="utf-8")
    return site


def problems(terminal: Terminal, site: Site) -> list[str]:
    return terminal.run("check", site.file).out.splitlines()


def test_a_metric_of_a_mapping_that_nobody_described_is_told_with_its_line(terminal: Terminal, tmp_path: Path) -> None:
    [problem] = problems(terminal, site_with(tmp_path, mapping=MAPPING))
    assert problem.startswith(f"{tmp_path / 'acme.yaml'}:9: values.1.metric: 'loudness' is not in the catalogue")


def test_a_unit_that_nobody_can_turn_into_the_metric_s_is_told_with_its_line(
    terminal: Terminal, tmp_path: Path
) -> None:
    values = [{"path": "$.a", "metric": "laeq", "unit": "dBA"}, {"path": "$.b", "metric": "pm2_5", "unit": "ppb"}]
    [problem] = problems(terminal, site_with(tmp_path, mapping={**MAPPING, "values": values}))
    assert problem.startswith(
        f"{tmp_path / 'acme.yaml'}:11: values.1.unit: 'ppb' cannot be turned into µg/m³, the unit of pm2_5"
    )


def test_a_feed_that_names_no_mapping_of_these_is_told(terminal: Terminal, tmp_path: Path) -> None:
    [problem] = problems(terminal, site_with(tmp_path, mapping=MAPPING, feed="mapping:other"))
    assert problem.startswith(
        "ingest.feeds.acme.format: 'mapping:other' is not known; known are auto, mapping:acme, native"
    )


def test_a_feed_with_an_unknown_format_is_told_with_its_line(terminal: Terminal, tmp_path: Path) -> None:
    problem, *_ = problems(terminal, site_with(tmp_path, mapping=MAPPING, feed="telegram"))
    assert ".yaml:" in problem and "format 'telegram' is not known; known are auto, native" in problem


def test_faults_of_a_mapping_file_are_told_with_their_lines(terminal: Terminal, tmp_path: Path) -> None:
    found = problems(terminal, site_with(tmp_path, mapping={**MAPPING, "device": "dev", "extra": "drop"}))
    assert [problem.split(":")[1] for problem in found] == ["4", "10"]


def test_nothing_starts_with_a_mapping_that_cannot_be_used(terminal: Terminal, tmp_path: Path) -> None:
    ran = terminal.run("up", "--config", site_with(tmp_path, mapping={**MAPPING, "extra": "drop"}).file)
    assert (ran.code, "acme.yaml:10: extra" in ran.out + ran.err) == (1, True)
