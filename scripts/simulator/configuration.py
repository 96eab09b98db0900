"""What can be chosen about a simulator before it starts."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, field

from scripts.simulator.world import ACCOUNT_ID

# Requests per window and user, RingCentral's defaults.
LIMITS: Mapping[str, int] = MappingProxyType({"light": 50, "medium": 40, "heavy": 10, "auth": 5})


class Configuration(Struct, frozen=True, kw_only=True):
    """Choices for one simulator. Times are seconds; shares lie between 0 and 1.

    `speed` of a play divides call lengths, lags and delays, never the limits' window.
    """

    seed: int = 1
    occasion: str = ""  # another one plays the same calls of a seed under other ids
    account_id: str = ACCOUNT_ID
    shortest_call: float = 2.0
    longest_call: float | None = None  # left out: 12, or no bound where there is a mean
    mean_call: float | None = None  # set: exponential lengths
    lag: tuple[float, float] = (1.0, 4.0)  # end of the call to its record
    provisional_share: float = 0.2
    recording_share: float = 0.25
    recording_delay: tuple[float, float] = (2.0, 5.0)  # record to its recording
    limits: Mapping[str, int] = field(default_factory=lambda: dict(LIMITS))
    minute_seconds: float = 60.0  # the limits' window; smaller makes RingCentral's minute pass faster
    token_seconds: int = 3600
    sessions: int = 5  # access tokens of the user that are good; one more revokes the oldest, as RingCentral does
    blacklist_after: int = 0  # failed deliveries in a row; 0: never
    blacklist_seconds: float = 0.0  # for which no delivery succeeds (the real platform: 600, it is said); 0: never
    strict: bool = False  # insist on https, as the real platform does
    senders: int = 8
