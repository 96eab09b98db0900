"""An installation whose replays are carried out here, step by step."""

import pytest

from tests.replay.replaying import ReplayOffice
from tests.workers.conftest import an_office, office, platform

__all__ = ["an_office", "office", "platform"]


@pytest.fixture
def replaying(office: object) -> ReplayOffice:
    """Ask for replays and carry them out."""
    return ReplayOffice(office)  # type: ignore[arg-type]
