"""How the tests are shared among processes: a file at a time, some folders as one, what takes longest first."""

from typing import Final

from xdist.scheduler import LoadFileScheduling

TOGETHER: Final = ("tests/browser/", "tests/faults/")
"""Folders that one process runs: their files share what is costly to start, and products would slow each other down."""

APART: Final = ("tests/faults/test_deliveries.py", "tests/faults/test_soak.py")
"""Files of those folders that need nothing of the others."""

LONGEST: Final = (
    "tests/faults/test_ringout.py",
    "tests/faults/",
    "tests/browser/",
    "tests/asking/test_when_to_look.py",
    "tests/faults/test_deliveries.py",
    "tests/consumers/",
    "tests/supervisor/",
    "tests/asking/",
    "tests/faults/test_soak.py",
    "tests/benchmarks/",
    "tests/workers/",
    "tests/scripts/",
    "tests/ringouts/",
    "tests/telephony/test_derivation_properties.py",
    "tests/web/",
    "tests/destinations/",
    "tests/doctor/",
    "tests/replay/",
)
"""Files and folders that take long, in the order in which they are begun. Of two names of a test the longer counts.

RingOuts come first of those that share a product, because the others leave calls behind that no record comes of.
Begun last, as xdist does with files of few tests, they would keep one process busy while all others are done.
"""


def unit_of(nodeid: str) -> str:
    """Name what a test is run together with, by one process: its file or its folder."""
    folder = next((folder for folder in TOGETHER if nodeid.startswith(folder)), None)
    return nodeid.partition("::")[0] if folder is None or nodeid.startswith(APART) else folder


def place_of(nodeid: str) -> int:
    """Say how early a test is begun; the lowest is first."""
    names = [name for name in LONGEST if nodeid.startswith(name)]
    return LONGEST.index(max(names, key=len)) if names else len(LONGEST)


class Distribution(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each process units of tests, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
