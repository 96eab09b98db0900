"""What is written for people, held against what the code does."""

import re
from pathlib import Path

import pytest

from runtime import settings
from scripts.supervisor.environment import FOR_THE_BOX, read_dotenv
from scripts.venv import ROOT

SETTINGS_PAGE = (ROOT / "docs/reference/settings.md").read_text()
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
LINK = re.compile(r"\]\((?!https?:)(?P<target>[^)#]+)(#[^)]*)?\)")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def variables() -> set[str]:
    of_processes = {variable for variable, _ in settings._SETTINGS.values()}
    return of_processes | settings._OF_ACCOUNT | {"REDIS_URL", "ACCOUNTS_FILE"}


def test_every_setting_has_a_row_and_every_row_a_setting() -> None:
    rows = [line.split("|")[1] for line in SETTINGS_PAGE.splitlines() if line.startswith("| `")]

    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == variables()


def test_the_example_names_only_settings_that_exist() -> None:
    example = re.sub(r"^# (?=[A-Z_]+=)", "", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    named = set(read_dotenv(example.splitlines()))

    assert {"PUBLIC_URL", "HEAVY_LIMIT"} <= named <= variables()


def test_the_box_changes_only_settings_that_exist() -> None:
    assert set(FOR_THE_BOX) <= variables()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    targets = [found["target"] for found in LINK.finditer(page.read_text())]

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize(
    ("section", "package"),
    [("Where to find what", "workers"), ("Where to find what", "runtime"), ("Where to find which rule", "telephony")],
)
def test_every_module_has_its_place_in_the_architecture_and_every_place_a_module(section: str, package: str) -> None:
    text = ARCHITECTURE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    header, *rows = re.findall(r"^\|.*\|$", text, re.MULTILINE)
    column = header.split("|").index(f" in `{package}/` ")
    named = [name for row in rows for name in re.findall(r"`(\w+/?)`", row.split("|")[column])]

    there = list((ROOT / package).rglob("*.py"))
    modules = [one.stem for one in there if one.stem != "__init__"]
    folders = {f"{one.parent.name}/" for one in there} - {f"{package}/"}
    assert sorted(name for name in named if not name.endswith("/")) == sorted(modules)
    assert {name for name in named if name.endswith("/")} == folders
