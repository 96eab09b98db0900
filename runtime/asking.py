"""How far the call log of an account has been asked: its lane, its token, and what is known of its pace.

Kept by resolve, in one record of its own, so that any worker goes on where the last one stopped.
"""

from typing import Final, cast

import msgspec
from redis import Redis

from runtime import keys
from runtime.leases import Command
from telephony.fetch_plan import Lane
from telephony.looks import LAGS_KEPT

REFUSED_SECONDS: Final = 3600.0
"""How long a lane that RingCentral refused is not tried again."""


class Asking(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One account's position. Times are seconds since 1970.

    `token` goes on with `token_lane`. `compared_to` is how far the call log was compared with the ledger, without gap.
    `density` is how many records began per second, as last seen; `lags` how long the last records took to appear.
    """

    token: str | None = None
    token_lane: Lane | None = None
    refused_until: dict[Lane, float] = msgspec.field(default_factory=dict)
    compared_to: float | None = None
    swept_at: float = 0.0
    density: float | None = None
    lags: tuple[float, ...] = ()

    def lane(self, *, company: bool, now: float) -> Lane:
        """Give the best lane that is open; the extract feed is for the company's call log only."""
        lanes = (Lane.EXTRACT, Lane.SYNC) if company else (Lane.SYNC,)
        return next((lane for lane in lanes if self.refused_until.get(lane, 0.0) <= now), Lane.LIST)

    def token_of(self, lane: Lane) -> str | None:
        """Give the token to go on with in `lane`, if there is one."""
        return self.token if self.token_lane is lane else None

    def without(self, lane: Lane, *, now: float) -> "Asking":
        """Leave a lane that was refused alone for a while."""
        refused = {**self.refused_until, lane: now + REFUSED_SECONDS}
        return msgspec.structs.replace(self, refused_until=refused, token=None, token_lane=None)

    def with_lags(self, lags: tuple[float, ...]) -> "Asking":
        """Remember how long the newest records took."""
        return msgspec.structs.replace(self, lags=(*self.lags, *lags)[-LAGS_KEPT:]) if lags else self


def load(redis: "Redis", account: str) -> Asking:
    """Load an account's position; a new one where there is none, or none that can be read."""
    text = cast("bytes | None", redis.get(keys.asking(account)))
    try:
        return _DECODER.decode(text) if text else Asking()
    except msgspec.MsgspecError:
        return Asking()


def write(account: str, asking: Asking) -> Command:
    """Give the command that stores an account's position."""
    return ("SET", keys.asking(account), msgspec.json.encode(asking))


_DECODER: Final = msgspec.json.Decoder(Asking)
