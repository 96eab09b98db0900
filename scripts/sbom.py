#!/usr/bin/env python3
"""Write the software bill of materials (CycloneDX 1.6): each package Legwork runs on, with version and licence."""

import argparse
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import ROOT, reexec_in_venv

reexec_in_venv()

import msgspec

from runtime.version import VERSION
from scripts.terminal.command import at_the_terminal

DONE = 0
PINNED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)")
EPILOG = """
The packages and versions are those of requirements.txt; licences are read where a package is installed.
exit codes: 0 done, 1 failed, 2 usage
"""


def main() -> int:
    """Write it to a file, or print it."""
    parser = argparse.ArgumentParser(prog="scripts/sbom.py", description=__doc__, epilog=EPILOG)
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it there instead of printing it")
    options = parser.parse_args()
    text = msgspec.json.format(msgspec.json.encode(bill((ROOT / "requirements.txt").read_text()))).decode()
    if options.output is None:
        print(text)
    else:
        options.output.write_text(text + "\n", encoding="utf-8")
    return DONE


def bill(requirements: str) -> dict[str, Any]:
    """Give the bill of these pinned requirements. The same input gives the same bill."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": "legwork", "name": "legwork", "version": VERSION},
        },
        "components": list(_components(requirements)),
    }


def _components(requirements: str) -> Iterator[dict[str, Any]]:
    for line in requirements.splitlines():
        found = PINNED.match(line)
        if found is None:
            continue
        name, version = found["name"].lower(), found["version"]
        reference = f"pkg:pypi/{name}@{version}"
        component = {"type": "library", "bom-ref": reference, "name": name, "version": version, "purl": reference}
        licence = _licence(name)
        yield {**component, "licenses": [{"license": {"name": licence}}]} if licence else component


def _licence(name: str) -> str | None:
    try:
        told = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    said = next((told[field] for field in ("License-Expression", "License") if field in told), "")
    return next(iter(said.splitlines()), None)


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
