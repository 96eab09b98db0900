"""Destinations: who is told of which events, and in what shape. Pure: what a destination wants and what it is sent.

The body sent is a function of the destination's settings and the event alone, so that every repeat of an event is the
same bytes.
"""

import re
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from telephony.call_outcome import Endpoint
from telephony.events import CallData, CallEvent, encode
from telephony.explanations import Explanation
from telephony.numbers import e164
from telephony.words import Outcome


class Include(StrEnum):
    """Which events a destination is told of: how calls ended by the call log, by the notifications, or both."""

    OUTCOME = "outcome"
    ENDED = "ended"
    BOTH = "both"


class DestinationState(StrEnum):
    """Whether a destination is sent anything now. Whatever it says, its backlog is kept."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class Draft(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What somebody asks for who adds a destination. An empty list means all.

    `fields` names the fields of `data` that are sent and explained (those that tell revisions apart always are); `mask`
    hides names and all but the last digits of numbers; `create_only` sends one event for each call, once it will not
    change.
    With `operator` it is also told what whoever runs Legwork should know, whatever the filters but `accounts`.
    """

    url: str
    include: Include = Include.OUTCOME
    accounts: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    directions: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    create_only: bool = False
    description: str = ""
    fields: tuple[str, ...] = ()
    mask: bool = False
    operator: bool = False


class Destination(Draft, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=False):
    """An endpoint that is told of events. `created_at` is text in UTC."""

    id: str
    state: DestinationState = DestinationState.ACTIVE
    created_at: str
    disabled_because: str | None = None

    @property
    def called(self) -> str:
        """What people call it."""
        return self.description or self.url


class Changes(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What shall change of a destination; what is absent stays."""

    url: str | UnsetType = UNSET
    include: Include | UnsetType = UNSET
    accounts: tuple[str, ...] | UnsetType = UNSET
    extensions: tuple[str, ...] | UnsetType = UNSET
    outcomes: tuple[Outcome, ...] | UnsetType = UNSET
    directions: tuple[str, ...] | UnsetType = UNSET
    numbers: tuple[str, ...] | UnsetType = UNSET
    create_only: bool | UnsetType = UNSET
    description: str | UnsetType = UNSET
    fields: tuple[str, ...] | UnsetType = UNSET
    mask: bool | UnsetType = UNSET
    operator: bool | UnsetType = UNSET
    state: DestinationState | UnsetType = UNSET
    disabled_because: str | UnsetType | None = UNSET


def changed(destination: Destination, changes: Changes) -> Destination:
    """Apply what shall change. One that is not disabled (any more) has no reason for it."""
    asked = {name: getattr(changes, name) for name in Changes.__struct_fields__}
    after = replace(destination, **{name: value for name, value in asked.items() if value is not UNSET})
    return after if after.state is DestinationState.DISABLED else replace(after, disabled_because=None)


def wants(destination: Destination, account: str, event: CallEvent) -> bool:
    """Say whether `event`, of the account of this name, passes all of the destination's filters.

    An account may be given by our name for it or by RingCentral's id, a number in any spelling that can be understood.
    Who is told of each call once is not told the end by the notifications if the outcome is wanted, too: it follows.
    """
    data = event.data
    is_outcome = data.revision > 0
    revisions = {
        Include.OUTCOME: is_outcome,
        Include.ENDED: not is_outcome,
        Include.BOTH: is_outcome or not destination.create_only,
    }
    return (
        revisions[destination.include]
        and _one_of(destination.accounts, account, data.account_id)
        and _one_of(destination.extensions, *data.extensions)
        and _one_of(destination.outcomes, data.outcome)
        and _one_of(tuple(word.casefold() for word in destination.directions), (data.direction or "").casefold())
        and _one_of(tuple(map(_number, destination.numbers)), *_numbers(data))
    )


def takes_back(destination: Destination, event: CallEvent) -> bool:
    """Say whether a call is not wanted at all where this event of it is not: who is told once is told the last."""
    return destination.create_only and destination.include is not Include.ENDED and event.data.revision > 1


def wants_operator(destination: Destination, account: str) -> bool:
    """Say whether an operator event about the account of this name (empty: about none) is for `destination`."""
    return destination.operator and (not account or _one_of(destination.accounts, account))


def body_for(destination: Destination, event: CallEvent) -> bytes:
    """Write the body that `destination` is sent for `event`: equal bytes for equal events."""
    if not (destination.fields or destination.mask):
        return encode(event)
    shown = replace(event, data=_masked(event.data)) if destination.mask else event
    document: dict[str, Any] = msgspec.to_builtins(shown)
    if destination.fields:
        document["data"] = _chosen(document["data"], {*_ALWAYS, *destination.fields})
    return msgspec.json.encode(document)


FIELDS: Final = frozenset(field.encode_name for field in msgspec.structs.fields(CallData))
"""The names that `fields` of a destination may hold."""

_ALWAYS: Final = frozenset({"telephonySessionId", "revision", "confirmed"})
"""What a consumer cannot do without: it keeps, per call, the highest revision."""

_DIGITS_SHOWN: Final = 4
_STEP: Final = re.compile(r"[.\[]")


def _one_of(allowed: tuple[str, ...], *found: str | None) -> bool:
    return not allowed or any(one in allowed for one in found)


def _number(text: str) -> str:
    return e164(text) or text


def _numbers(data: CallData) -> tuple[str | None, ...]:
    ends = (data.from_, data.to)
    return tuple(number for end in ends for number in (end.phone_number, end.raw_phone_number, end.extension_number))


def _chosen(data: dict[str, Any], kept: set[str]) -> dict[str, Any]:
    """Give the fields that are kept, and what explains them: an entry about another one would give its value away."""
    told = [why for why in data["explanation"] if _STEP.split(why["field"], 1)[0] in kept]
    return {name: value for name, value in (data | {"explanation": told}).items() if name in kept}


def _masked(data: CallData) -> CallData:
    return replace(
        data,
        from_=_masked_end(data.from_),
        to=_masked_end(data.to),
        legs=tuple(replace(leg, from_=_masked_end(leg.from_), to=_masked_end(leg.to)) for leg in data.legs),
        agents=tuple(replace(agent, name=None) for agent in data.agents),
        explanation=tuple(map(_masked_reason, data.explanation)),
    )


def _masked_reason(reason: Explanation) -> Explanation:
    is_number = reason.field.endswith(".phoneNumber") and isinstance(reason.value, str)
    return replace(reason, value=_hidden(str(reason.value))) if is_number else reason


def _masked_end(end: Endpoint) -> Endpoint:
    return replace(
        end, phone_number=_hidden(end.phone_number), raw_phone_number=_hidden(end.raw_phone_number), name=None
    )


def _hidden(number: str | None) -> str | None:
    """Hide all digits but the last few, and leave what stands between them."""
    if number is None:
        return None
    hidden = max(0, len(number) - _DIGITS_SHOWN)
    return "".join("*" if sign.isalnum() else sign for sign in number[:hidden]) + number[hidden:]
