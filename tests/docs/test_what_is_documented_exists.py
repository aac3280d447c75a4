"""What the documents point to is there, and what they must not say is not in them."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from citybrain.cli import COMMANDS
from citybrain.settings import Settings
from config.catalogue import CatalogueFile
from config.city import CityFile
from config.registry.entries import DevicesFile
from dashboard.users import UsersFile
from rules.casebooks.entries import CasebookFile
from simulators.scenario import Scenario
from tests.docs.documents import ROOT, documents
from tests.docs.settings_fields import sections

PAGES = sorted(documents())
MARKDOWN = [page for page in PAGES if page.suffix == ".md"]


def anchors(text: str) -> set[str]:
    """The anchors that a heading gets: small letters, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", MARKDOWN, ids=str)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", documents()[page]):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (ROOT / page).parent / name if name else ROOT / page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", MARKDOWN, ids=str)
def test_every_file_that_is_named_with_its_folder_exists(page: Path) -> None:
    folders = (
        "domain|config|runtime|store|ingest|rules|cases|notify|dashboard|simulators|citybrain|tests|docs|examples|tools"
    )
    named = re.findall(rf"`((?:{folders})/(?!v1/)[\w/.-]+)`", documents()[page])  # citybrain/v1/ begins a topic
    assert [name for name in named if not (ROOT / name).exists() and "mine" not in name] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_document_names_a_developers_machine_or_a_registry(page: Path) -> None:
    text = documents()[page]
    paths = r"/(?:work|root|home|tmp|Users)/[\w.-]+"
    registries = r"pypi\.org|pythonhosted\.org|npmjs\.\w+|artifactory|nexus\.|crates\.io|docker\.io|ghcr\.io"
    assert re.findall(paths, text) + re.findall(registries, text, flags=re.IGNORECASE) == []


def test_the_changelog_knows_the_current_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.search(rf"^## {re.escape(version)}\b", documents()[Path("CHANGELOG.md")], flags=re.MULTILINE)


def yaml_blocks() -> list[tuple[str, str]]:
    return [
        (f"{page}:{text.count(chr(10), 0, block.start()) + 1}", block[1])
        for page, text in documents().items()
        if page.suffix == ".md"
        for block in re.finditer(r"^```yaml\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    ]


FILES = {
    *Settings.model_fields,
    *CatalogueFile.model_fields,
    *CityFile.model_fields,
    *DevicesFile.model_fields,
    *Scenario.model_fields,
    *UsersFile.model_fields,
    *CasebookFile.model_fields,
}


@pytest.mark.parametrize("block", [block for _, block in yaml_blocks()], ids=[place for place, _ in yaml_blocks()])
def test_every_yaml_example_has_the_sections_of_one_of_our_files(block: str) -> None:
    content = yaml.safe_load(block)
    assert isinstance(content, dict)
    assert content.keys() <= FILES


@pytest.mark.parametrize("page", MARKDOWN, ids=str)
def test_every_setting_that_is_named_by_its_path_exists(page: Path) -> None:
    keys = sections(Settings)
    known = {f"{section}.{key}".lstrip(".") for section, fields in keys.items() for key in fields}
    known |= {part.removesuffix("[]") for section in keys for part in (section, section.rpartition(".")[0])}
    words = set(re.findall(r"`((?:[a-z_0-9]+\.)+[a-z_0-9]+)`", documents()[page]))
    named = {word for word in words if word.split(".")[0] in Settings.model_fields and not (ROOT / word).exists()}
    endings = {"py", "yaml", "md", "db", "json", "toml", "log", "geojson", "clock", "loading"}
    assert sorted(word for word in named - known if word.rpartition(".")[2] not in endings) == []


def test_every_command_in_the_readme_exists() -> None:
    used = set(re.findall(r"^ +citybrain (\w+)", documents()[Path("README.md")], flags=re.MULTILINE))
    assert used and used <= set(COMMANDS)
