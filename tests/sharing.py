"""What several tests share, because it is costly to start: it ends with the last of them."""

from contextlib import ExitStack
from typing import Final

import pytest

FIXTURES: Final = frozenset({"product", "face"})
"""What is shared: the whole product, and a browser in front of one."""


class Shared(ExitStack):
    """Runs what a fixture of the session gives until a test does not ask for it: later it would work for nobody.

    So the tests that ask for it must follow each other: `is_shared` sorts them. What it needs must be its own: other
    fixtures of the session may be over before it is.
    """

    def __init__(self, fixture: str) -> None:
        super().__init__()
        self._fixture = fixture

    def leave(self, nextitem: pytest.Item | None) -> None:
        """End all of it unless the next test asks for it, too."""
        if self._fixture not in getattr(nextitem, "fixturenames", ()):
            self.close()


def is_shared(item: pytest.Item) -> bool:
    """Say whether a test asks for anything that is shared."""
    return not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
