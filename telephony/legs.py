"""Say what became of each leg and whose it is: a table over RingCentral's leg types, and the few cases beyond it.

The table is total over what RingCentral publishes (schema CallLegTypeEnum,
https://developers.ringcentral.com/api-reference/Call-Log/readCompanyCallLog) and holds the further types its own apps
know. Words are compared without regard to case. docs/reference/outcomes.md is generated from here.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from telephony.call_outcome import LegOutcome
from telephony.records import CallLogRecord, CallPart, Leg
from telephony.results import folded, is_known_result, is_outbound, status_of
from telephony.words import LegRole, LegStatus

_RINGOUT_PREFIX: Final = "ringout"
_ACCEPT: Final = "accept"
_VOICEMAIL: Final = "voicemail"
_FAX: Final = "fax"

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


def is_of_queue(leg: Leg | LegOutcome) -> bool:
    """Tell whether a leg is a queue's own, also where the call went from there straight to its voicemail."""
    leg_type = (leg.leg_type or "").casefold()
    return leg_type == "hunting" or (leg_type == _ACCEPT and (leg.action or "").casefold() in _QUEUE_ACTIONS)


def _is_accept(leg: Leg) -> bool:
    return (leg.leg_type or "").casefold() == _ACCEPT


def _is_accepted_by_extension(leg: Leg, record: CallLogRecord) -> bool:
    if not _is_accept(leg) or leg.master or leg.extension_id is None:
        return False
    return any(_is_accept(other) for other in record.legs if other is not leg)


# Not for RingOut legs, whose types say all there is to say.
ROLE_RULES: Final = (
    RoleRule("fax-leg", "the leg carried a fax", LegRole.FAX, _is_fax),
    RoleRule("voicemail-leg", "the leg ended in voicemail", LegRole.VOICEMAIL, _is_voicemail),
    RoleRule("queue-leg", "a queue accepted the call", LegRole.QUEUE, lambda leg, _: is_of_queue(leg)),
    RoleRule(
        "accepted-by-extension",
        "beside the call's own Accept leg this one belongs to an extension",
        LegRole.AGENT,
        _is_accepted_by_extension,
    ),
)


_ROLE: Final = folded(ROLE_BY_LEG_TYPE)
_ROLE_INBOUND: Final = folded(ROLE_BY_LEG_TYPE_INBOUND)
