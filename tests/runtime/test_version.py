"""The version is written twice; a test holds the two together."""

import tomllib
from pathlib import Path

from runtime.version import VERSION


def test_the_version_is_the_package_s() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]

    assert project["version"] == VERSION
