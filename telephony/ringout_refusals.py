"""What RingCentral has against placing a RingOut: its codes in one table, each with what a person can do about it.

docs/ringout.md is generated from here. The codes are those of the reference of 2018; today's says nothing of them.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec


class Refusal(msgspec.Struct, frozen=True):
    """Why it was not placed, in a sentence without anybody's number; `pointer` is the field at fault, if one is."""

    detail: str
    pointer: str | None = None


REFUSALS: Final[Mapping[str, Refusal]] = MappingProxyType(
    {
        "TEL-107": Refusal("This caller id is not allowed for this extension.", "/callerId"),
        "TEL-108": Refusal("The number to ring first is not a number RingCentral can call.", "/from"),
        "TEL-109": Refusal("The number to be called is not a number RingCentral can call.", "/to"),
        "TEL-101": Refusal("The number to be called is on the list of blocked numbers.", "/to"),
        "TEL-102": Refusal("The number to ring first is on the list of blocked numbers.", "/from"),
        "RNG-102": Refusal("The caller id must be one of the company's direct numbers.", "/callerId"),
        "BIL-103": Refusal("RingOut is not a feature of this RingCentral account."),
        "CMN-112": Refusal("RingOut is not a feature of this type of extension."),
        "CMN-113": Refusal("Calls to there are not a feature of this extension."),
        "CMN-101": Refusal("RingCentral takes a value of the request for invalid."),
        "CMN-102": Refusal("RingCentral knows no such extension or forwarding number.", "/from"),
        "CMN-401": Refusal("The app lacks RingCentral's permission RingOut."),
        "CMN-408": Refusal("The user lacks a permission this needs."),
        "CMN-201": Refusal("RingCentral says that its service is unavailable for now. Nothing was placed."),
    }
)
"""RingCentral's code -> what to tell whoever asked for it."""

NAMELESS: Final = Refusal("RingCentral refused it.")
TOO_LATE: Final = Refusal(
    "It could not be placed in time: RingCentral was out of reach, or its requests of this minute were used up."
    " Nothing was placed."
)
CREDENTIALS: Final = "BrokenConfiguration"
"""A code of ours, beside any of RingCentral's, for credentials that are not accepted."""

CONFIGURATION: Final = Refusal("RingCentral does not accept our credentials: somebody has to mend the settings.")


def refusal(codes: Sequence[str]) -> Refusal:
    """Find the reason that the first known code gives."""
    if CREDENTIALS in codes:
        return CONFIGURATION
    return next((REFUSALS[code] for code in codes if code in REFUSALS), NAMELESS)
