"""What several tests share, because it is costly to start: it ends with the last of them."""

from contextlib import ExitStack

import pytest


class Shared(ExitStack):
    """Runs what a fixture of the session gives until a test does not ask for it: later it would work for nobody.

    So the tests that ask for it must follow each other; `tests.distribution` sees to it.
    """

    def __init__(self, fixture: str) -> None:
        super().__init__()
        self._fixture = fixture

    def leave(self, nextitem: pytest.Item | None) -> None:
        """End all of it unless the next test asks for it, too."""
        if self._fixture not in getattr(nextitem, "fixturenames", ()):
            self.close()
