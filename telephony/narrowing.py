"""Go carefully through a stretch of the call log's past after windows of it that RingCentral had no answer for. Pure.

There may be a record in it that RingCentral chokes on, as long as it is kept. Windows become shorter until they have it
between them; and if the shortest has no answer again and again, and one a little behind it has, what lies between is
passed over: all that follows must not wait for it.
"""

from datetime import timedelta
from typing import Final

import msgspec

from telephony.fetch_plan import LONGEST, Window

SHORTEST: Final = timedelta(seconds=10)
"""A window that takes more than a page may never be read whole: its other pages have no claim to the budget."""

HOPELESS: Final = 3
"""Windows as short as can be that had no answer, in a row, before one behind them is tried."""

MOST_STEPS: Final = 6
"""How far behind, in windows as short as can be; and after that near again, for RingCentral may be well by then."""


class Narrowing(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long windows may be (`seconds`; 0 is any), and how many of the shortest had no answer, in a row.

    `since` is the moment (seconds) from which on the log was gone through like that; 0 where it is not.
    """

    seconds: float = 0.0
    hopeless: int = 0
    since: float = 0.0

    def length(self, usual: timedelta) -> timedelta:
        """Say how long the next window is, where it would be of this length."""
        return min(usual, timedelta(seconds=self.seconds)) if self.seconds else usual

    @property
    def step(self) -> timedelta:
        """Say how far behind its place the next window begins: usually it begins there."""
        beyond = self.hopeless - HOPELESS
        return SHORTEST * (1 + beyond % MOST_STEPS) if beyond >= 0 else timedelta()

    def unanswered(self, window: Window) -> "Narrowing":
        """Go on after a window without an answer."""
        half = (window.date_to - window.date_from) / 2
        hopeless = self.hopeless + 1 if half < SHORTEST else 0
        return Narrowing(max(half, SHORTEST).total_seconds(), hopeless, self.since or window.date_from.timestamp())

    def answered(self) -> "Narrowing":
        """Go on after a window that was answered whole."""
        longer = 2 * self.seconds
        return Narrowing(longer, since=self.since) if longer < LONGEST.total_seconds() else Narrowing()
