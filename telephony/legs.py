"""Say what became of each leg and whose it is: two tables over RingCentral's words, and the few cases beyond them.

Both tables are total over what RingCentral publishes (schemas CallResultEnum, CallLegTypeEnum of the OpenAPI document,
https://developers.ringcentral.com/api-reference/Call-Log/readCompanyCallLog) and hold the further words its own apps
know. Words are compared without regard to case. docs/reference/outcomes.md is generated from here.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from telephony.records import CallLogRecord, CallPart, Leg
from telephony.words import LegRole, LegStatus

Word = TypeVar("Word")

_RINGOUT_PREFIX: Final = "ringout"
_VOICEMAIL: Final = "voicemail"
_FAX: Final = "fax"

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

ROLE_BY_LEG_TYPE: Final[Mapping[str, LegRole]] = MappingProxyType(
    {
        "Accept": LegRole.CALLER,
        "CallBack": LegRole.CALLEE,
        "CallingCard": LegRole.CALLEE,
        "CallMeCallOut": LegRole.CONFERENCE,
        "CallPark": LegRole.PARK,
        "ConferenceCall": LegRole.CONFERENCE,
        "ExtensionToExtension": LegRole.CALLEE,
        "FaxSent": LegRole.FAX,
        "FindMe": LegRole.AGENT,
        "FollowMe": LegRole.AGENT,
        "Hunting": LegRole.QUEUE,
        "ImsCall": LegRole.CALLEE,
        "IvaCall": LegRole.OTHER,
        "JoinCall": LegRole.CONFERENCE,
        "MeetingsCall": LegRole.CONFERENCE,
        "MobileApp": LegRole.CALLEE,
        "Monitoring": LegRole.MONITOR,
        "MoveToConference": LegRole.CONFERENCE,
        "OutgoingFreeSpDl": LegRole.CALLEE,
        "PagingServer": LegRole.OTHER,
        "ParkLocation": LegRole.PARK,
        "Pickup": LegRole.AGENT,
        "PstnToSip": LegRole.CALLEE,
        "RingDirectly": LegRole.CALLEE,
        "RingMe": LegRole.OTHER,
        "RingOutClientToCaller": LegRole.CALLER,
        "RingOutClientToSubscriber": LegRole.CALLEE,
        "RingOutDeviceToCaller": LegRole.CALLER,
        "RingOutDeviceToSubscriber": LegRole.CALLEE,
        "RingOutOneLegToCaller": LegRole.CALLER,
        "RingOutWebToCaller": LegRole.CALLER,
        "RingOutWebToSubscriber": LegRole.CALLEE,
        "ServiceMinus2": LegRole.OTHER,
        "ServiceMinus3": LegRole.OTHER,
        "SilentMonitoring": LegRole.MONITOR,
        "SipForwarding": LegRole.CALLEE,
        "SipToPstnMetered": LegRole.CALLEE,
        "SipToPstnUnmetered": LegRole.CALLEE,
        "TestCall": LegRole.OTHER,
        "TextRelay": LegRole.OTHER,
        "TransferCall": LegRole.TRANSFER,
        "Unknown": LegRole.OTHER,
        "VoiceChat": LegRole.CONFERENCE,
        # Not published, but known to RingCentral's own apps.
        "CallOut": LegRole.CALLEE,
        "SipToSip": LegRole.CALLEE,
        "Transfer": LegRole.TRANSFER,
    }
)

# In an inbound call these ring one of the account's people.
ROLE_BY_LEG_TYPE_INBOUND: Final[Mapping[str, LegRole]] = MappingProxyType(
    dict.fromkeys(
        (
            "ExtensionToExtension",
            "ImsCall",
            "MobileApp",
            "PstnToSip",
            "RingDirectly",
            "SipForwarding",
            "SipToSip",
        ),
        LegRole.AGENT,
    )
)

_QUEUE_ACTIONS: Final = frozenset({"hunting", "call queue"})


class RoleRule(msgspec.Struct, frozen=True):
    """One case in which more than its type says whose a leg is. The first rule that applies wins over the tables."""

    name: str
    because: str
    role: LegRole
    applies: Callable[[Leg, CallLogRecord], bool]


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


def leg_status(leg: Leg, *, direction: str | None) -> LegStatus:
    """Say what became of `leg`, in a call of this direction."""
    return status_of(leg.result, direction=direction)


def leg_role(leg: Leg, *, record: CallLogRecord) -> tuple[LegRole, RoleRule | None]:
    """Say whose part of the call `leg` is, and by which rule where its type and the call's direction do not suffice.

    A type never seen gives OTHER.
    """
    leg_type = (leg.leg_type or "").casefold()
    if not leg_type.startswith(_RINGOUT_PREFIX):
        for rule in ROLE_RULES:
            if rule.applies(leg, record):
                return rule.role, rule
    if not is_outbound(record.direction) and leg_type in _ROLE_INBOUND:
        return _ROLE_INBOUND[leg_type], None
    return _ROLE.get(leg_type, LegRole.OTHER), None


def is_outbound(direction: str | None) -> bool:
    """Tell whether a call was ours. A call without a direction is read as inbound."""
    return (direction or "").casefold() == "outbound"


def is_known_result(result: str) -> bool:
    """Tell whether the table of results has this word."""
    return result.casefold() in _STATUS


def unknown_words(record: CallLogRecord) -> tuple[tuple[str, str], ...]:
    """List the words of a record that our tables have never seen, as (field, word), for the caller to count."""
    results = {part.result for part in (record, *record.legs) if part.result}
    leg_types = {leg.leg_type for leg in record.legs if leg.leg_type}
    unseen = [("result", word) for word in results if not is_known_result(word)]
    unseen += [("legType", word) for word in leg_types if word.casefold() not in _ROLE]
    return tuple(sorted(unseen))


def has_voicemail(part: CallPart) -> bool:
    """Tell whether a record or leg carries a voicemail message."""
    return part.message is not None and (part.message.type or "").casefold() == _VOICEMAIL


def has_fax(part: CallPart) -> bool:
    """Tell whether a record or leg carries a fax message."""
    return part.message is not None and (part.message.type or "").casefold() == _FAX


def _is_fax(leg: Leg, _record: CallLogRecord) -> bool:
    return (leg.type or "").casefold() == _FAX or has_fax(leg)


def _is_voicemail(leg: Leg, record: CallLogRecord) -> bool:
    return has_voicemail(leg) or leg_status(leg, direction=record.direction) is LegStatus.VOICEMAIL


def _is_accept(leg: Leg) -> bool:
    return (leg.leg_type or "").casefold() == "accept"


def _is_queue(leg: Leg, _record: CallLogRecord) -> bool:
    return _is_accept(leg) and (leg.action or "").casefold() in _QUEUE_ACTIONS


def _is_accepted_by_extension(leg: Leg, record: CallLogRecord) -> bool:
    if not _is_accept(leg) or leg.master or leg.extension_id is None:
        return False
    return any(_is_accept(other) for other in record.legs if other is not leg)


# Not for RingOut legs, whose types say all there is to say.
ROLE_RULES: Final = (
    RoleRule("fax-leg", "the leg carried a fax", LegRole.FAX, _is_fax),
    RoleRule("voicemail-leg", "the leg ended in voicemail", LegRole.VOICEMAIL, _is_voicemail),
    RoleRule("queue-leg", "a queue accepted the call", LegRole.QUEUE, _is_queue),
    RoleRule(
        "accepted-by-extension",
        "beside the call's own Accept leg this one belongs to an extension",
        LegRole.AGENT,
        _is_accepted_by_extension,
    ),
)


def _folded(table: Mapping[str, Word]) -> Mapping[str, Word]:
    return MappingProxyType({word.casefold(): ours for word, ours in table.items()})


_STATUS: Final = _folded(STATUS_BY_RESULT)
_STATUS_OUTBOUND: Final = _folded(STATUS_BY_RESULT_OUTBOUND)
_ROLE: Final = _folded(ROLE_BY_LEG_TYPE)
_ROLE_INBOUND: Final = _folded(ROLE_BY_LEG_TYPE_INBOUND)
