"""Put RingCentral's words for how a call or leg ended into ours: one table.

It is total over what RingCentral publishes (schema CallResultEnum,
https://developers.ringcentral.com/api-reference/Call-Log/readCompanyCallLog) and holds the further words its own apps
know. Words are compared without regard to case. docs/reference/outcomes.md is generated from here.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeVar

from telephony.words import LegStatus

Ours = TypeVar("Ours")

STATUS_BY_RESULT: Final[Mapping[str, LegStatus]] = MappingProxyType(
    {
        "911": LegStatus.EMERGENCY,
        "933": LegStatus.EMERGENCY,
        "Abandoned": LegStatus.ABANDONED,
        "Accepted": LegStatus.ANSWERED,
        "Answered Elsewhere": LegStatus.ANSWERED_ELSEWHERE,
        # A machine picked up, or nobody pressed the key that takes the call: no person did.
        "Answered Not Accepted": LegStatus.NO_ANSWER,
        "Blocked": LegStatus.BLOCKED,
        "Busy": LegStatus.BUSY,
        "Call connected": LegStatus.ANSWERED,
        "Call Failed": LegStatus.FAILED,
        "Call Failure": LegStatus.FAILED,
        "Callback requested": LegStatus.CALLBACK_REQUESTED,
        "Carrier is not active": LegStatus.FAILED,
        "Declined": LegStatus.REJECTED,
        "EDGE trunk misconfigured": LegStatus.FAILED,
        "Fax Not Sent": LegStatus.FAX_FAILED,
        "Fax on Demand": LegStatus.FAX_SENT,
        "Fax Partially Sent": LegStatus.FAX_PARTIAL,
        "Fax Poor Line": LegStatus.FAX_FAILED,
        "Fax Receipt Error": LegStatus.FAX_FAILED,
        "Hang Up": LegStatus.ABANDONED,
        "In Progress": LegStatus.IN_PROGRESS,
        "Internal Error": LegStatus.FAILED,
        "International Disabled": LegStatus.BLOCKED,
        "International Restricted": LegStatus.BLOCKED,
        "IP Phone Offline": LegStatus.FAILED,
        "Missed": LegStatus.MISSED,
        "No Answer": LegStatus.NO_ANSWER,
        "No Calling Credit": LegStatus.FAILED,
        "Not Allowed": LegStatus.BLOCKED,
        "Partial Receive": LegStatus.FAX_PARTIAL,
        # The caller reached the platform's own menu and logged in.
        "Phone Login": LegStatus.ANSWERED,
        "Receive Error": LegStatus.FAX_FAILED,
        "Received": LegStatus.FAX_RECEIVED,
        "Rejected": LegStatus.REJECTED,
        "Reply": LegStatus.REPLIED,
        "Restricted Number": LegStatus.BLOCKED,
        "Send Error": LegStatus.FAX_FAILED,
        "Sent": LegStatus.FAX_SENT,
        "Sent to Voicemail": LegStatus.VOICEMAIL,
        "Stopped": LegStatus.STOPPED,
        "Suspended account": LegStatus.FAILED,
        "Unknown": LegStatus.UNKNOWN,
        "Voicemail": LegStatus.VOICEMAIL,
        "Wrong Number": LegStatus.FAILED,
        # Not published, but known to RingCentral's own apps.
        "Call accepted": LegStatus.ANSWERED,
        "Connected": LegStatus.ANSWERED,
        "Fax Receipt": LegStatus.FAX_RECEIVED,
        "Fax Send Error": LegStatus.FAX_FAILED,
        "International Restriction": LegStatus.BLOCKED,
        "No fax machine": LegStatus.FAX_FAILED,
        "Partially Sent": LegStatus.FAX_PARTIAL,
        "Poor Line Quality": LegStatus.FAX_FAILED,
        "Ringing Elsewhere": LegStatus.IN_PROGRESS,
        "Suspended": LegStatus.FAILED,
    }
)

# The one word that means something else when the call was ours: who hangs up before the answer is whoever called.
STATUS_BY_RESULT_OUTBOUND: Final[Mapping[str, LegStatus]] = MappingProxyType({"Hang Up": LegStatus.CANCELLED})

# Words about one phone among several; none of them says how the whole call ended.
RESULTS_OF_ONE_PHONE: Final = ("IP Phone Offline", "Stopped")


@lru_cache(maxsize=1024)
def status_of(result: str | None, *, direction: str | None) -> LegStatus:
    """Put RingCentral's word for a result into ours; `direction` is the whole call's.

    No word, or one never seen, gives UNKNOWN rather than an error: one new word must not stop the outcomes of all
    other calls.
    """
    if not result:
        return LegStatus.UNKNOWN
    word = result.casefold()
    if is_outbound(direction) and word in _STATUS_OUTBOUND:
        return _STATUS_OUTBOUND[word]
    return _STATUS.get(word, LegStatus.UNKNOWN)


def is_outbound(direction: str | None) -> bool:
    """Tell whether a call was ours. A call without a direction is read as inbound."""
    return (direction or "").casefold() == "outbound"


def is_known_result(result: str) -> bool:
    """Tell whether the table of results has this word."""
    return result.casefold() in _STATUS


def is_of_one_phone(result: str | None) -> bool:
    """Tell whether a result is about one phone only, even where it stands on a record."""
    return (result or "").casefold() in _OF_ONE_PHONE


def folded(table: Mapping[str, Ours]) -> Mapping[str, Ours]:
    """Give a table of RingCentral's words the keys to look them up by, whatever their case."""
    return MappingProxyType({word.casefold(): ours for word, ours in table.items()})


_STATUS: Final = folded(STATUS_BY_RESULT)
_OF_ONE_PHONE: Final = frozenset(word.casefold() for word in RESULTS_OF_ONE_PHONE)
_STATUS_OUTBOUND: Final = folded(STATUS_BY_RESULT_OUTBOUND)
