"""What holds an engine back from being ended for new files: it could not start again with them."""

from pathlib import Path

import pytest

from citybrain.registry.reloading import check_startable
from domain.errors import Misconfigured
from tests.app.installation import Site, write_installation

TWICE = """name: dustco
topics: ["vendor/{sn}/up"]
device: "{sn}"
values:
  - {path: $.LEQ, metric: laeq}
  - {path: $.leq, metric: laeq}
"""


def test_an_engine_may_be_ended_where_it_can_start_again(site: Site) -> None:
    check_startable(site.settings())


def test_an_engine_is_not_ended_for_a_mapping_that_it_could_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "vendor.yaml").write_text(TWICE, encoding="utf-8")
    site = write_installation(tmp_path, ingest={"mappings": ["vendor.yaml"]})
    with pytest.raises(Misconfigured, match="leq stands twice"):
        check_startable(site.settings())


def test_an_engine_is_not_ended_for_a_secret_that_is_gone(tmp_path: Path) -> None:
    site = write_installation(tmp_path, ingest={"broker": {"username": "me", "password_file": "gone"}})
    with pytest.raises(Misconfigured, match="gone"):
        check_startable(site.settings())


def test_variables_of_the_environment_are_those_of_the_service_and_not_ours(tmp_path: Path) -> None:
    routes = [{"id": "duty", "url_env": "CITYBRAIN_NOT_SET_HERE"}, {"id": "log", "url_file": "gone"}]
    site = write_installation(tmp_path, notify={"routes": routes})
    with pytest.raises(Misconfigured) as caught:
        check_startable(site.settings())
    assert ["log" in str(problem) for problem in caught.value.problems] == [True]
