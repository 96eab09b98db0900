#!/usr/bin/env python3
"""Write the reference pages that are drawn from the code's own tables, or check that they are up to date."""

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import ROOT, reexec_in_venv

reexec_in_venv()

from scripts.reference.api_page import api_page
from scripts.reference.asyncapi import asyncapi
from scripts.reference.conversations_page import conversations_page
from scripts.reference.doctor_page import doctor_page
from scripts.reference.events_page import events_page
from scripts.reference.fault_matrix import fault_matrix_page
from scripts.reference.keys_page import keys_page
from scripts.reference.openapi import openapi
from scripts.reference.outcomes_page import outcomes_page
from scripts.reference.plots import drawn, pages
from scripts.reference.ringout_page import ringout_page
from scripts.reference.schemas import KINDS, document
from scripts.terminal.command import at_the_terminal

DONE, FAILED = 0, 1

PAGES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "docs/reference/outcomes.md": outcomes_page,
        "docs/reference/conversations.md": conversations_page,
        "docs/reference/keys.md": keys_page,
        "docs/ringout.md": ringout_page,
        "docs/fault-matrix.md": fault_matrix_page,
        "docs/reference/events.md": events_page,
        "docs/reference/api.md": api_page,
        "docs/ops/doctor.md": doctor_page,
        "docs/reference/asyncapi.json": asyncapi,
        "docs/reference/openapi.json": openapi,
        **{kind.path: partial(document, kind) for kind in KINDS},
        **{path: partial(drawn, plot) for path, plot in pages()},
    }
)


def main() -> int:
    """Write the pages, or with `--check` say which differ from what the code would write."""
    options = _parser().parse_args()
    stale = [path for path, draw in PAGES.items() if _read(path) != draw()]
    if options.check:
        for path in stale:
            print(f"{path} is out of date: run scripts/generate_docs.py", file=sys.stderr)
        return FAILED if stale else DONE
    for path in stale:
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(PAGES[path](), encoding="utf-8")
        print(f"wrote {path}")
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, epilog="exit codes: 0 done, 1 out of date, 2 usage")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is out of date")
    return parser


def _read(path: str) -> str | None:
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
