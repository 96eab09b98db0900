"""What a call-log record says, typed; how bodies become records is in `call_log`.

Every field is optional here, although some are not in the schema: a record that lacks what it should have is still
news about a call, and what needs a field says what its absence means. Fields not named are passed over.
Schema: CallLogRecord, https://developers.ringcentral.com/api-reference/Call-Log/readCompanyCallRecord
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from telephony.times import is_of_a_call, later

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
NumericId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Part(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """One JSON object of a record. It cannot hold a cycle, so the collector need not look at it."""


class Device(_Part, frozen=True):
    """A phone of a party."""

    id: str | None = None
    uri: str | None = None


class PhoneParty(_Part, frozen=True):
    """One side of a call or leg, as RingCentral names it; numbers are not normalised."""

    phone_number: str | None = None
    extension_number: str | None = None
    extension_id: str | None = None
    name: str | None = None
    location: str | None = None
    device: Device | None = None
    dialer_phone_number: str | None = None
    dialed_phone_number: str | None = None


class ExtensionRef(_Part, frozen=True):
    """The extension on whose behalf a call was made: the one id RingCentral writes as a number."""

    id: NumericId | str | None = None
    uri: str | None = None


class Recording(_Part, frozen=True):
    """A recording, once RingCentral has it: it comes later than the record."""

    id: str | None = None
    uri: str | None = None
    type: str | None = None
    content_uri: str | None = None


class Message(_Part, frozen=True):
    """The voicemail or fax a call left."""

    id: str | None = None
    type: str | None = None
    uri: str | None = None


class Billing(_Part, frozen=True):
    """What the call cost; Detailed view only."""

    cost_included: float | None = None
    cost_purchased: float | None = None


class SessionRef(_Part, frozen=True):
    """The other telephony session of a warm transfer."""

    telephony_session_id: str | None = None


class Delegate(_Part, frozen=True):
    """The assistant who took or made the call in the name of the extension."""

    id: str | None = None
    name: str | None = None


class CallPart(_Part, frozen=True):
    """What a record and a leg have in common. `duration` is in whole seconds, `duration_ms` the same finer."""

    extension: ExtensionRef | None = None
    telephony_session_id: str | None = None
    transfer_target: SessionRef | None = None
    transferee: SessionRef | None = None
    party_id: str | None = None
    transport: str | None = None
    from_: PhoneParty | None = msgspec.field(name="from", default=None)
    to: PhoneParty | None = None
    type: str | None = None
    direction: str | None = None
    message: Message | None = None
    delegate: Delegate | None = None
    delegation_type: str | None = None
    action: str | None = None
    result: str | None = None
    reason: str | None = None
    reason_description: str | None = None
    start_time: Moment | None = None
    duration: Count | None = None
    duration_ms: Count | None = None
    recording: Recording | None = None
    short_recording: bool | None = None
    billing: Billing | None = None
    internal_type: str | None = None
    finished: bool | None = None

    @property
    def extension_id(self) -> str | None:
        """The id of the extension this was for, as text like every other id."""
        if self.extension is None or self.extension.id is None:
            return None
        return str(self.extension.id)

    @property
    def transfer_sessions(self) -> tuple[str | None, str | None]:
        """The sessions of a warm transfer's target and of whom was transferred, as far as they are named."""
        return (
            self.transfer_target.telephony_session_id if self.transfer_target else None,
            self.transferee.telephony_session_id if self.transferee else None,
        )

    @property
    def length_ms(self) -> int | None:
        """How long it lasted in milliseconds, from the finer of the two durations RingCentral gives."""
        if self.duration_ms is not None:
            return self.duration_ms
        return None if self.duration is None else self.duration * 1000


class Leg(CallPart, frozen=True):
    """One leg of a call: Detailed view only."""

    leg_type: str | None = None
    master: bool | None = None


class CallLogRecord(CallPart, frozen=True):
    """One record of the call log. A telephony session may have several; a record may be rewritten later."""

    id: str | None = None
    uri: str | None = None
    session_id: str | None = None
    deleted: bool | None = None
    legs: tuple[Leg, ...] = ()
    last_modified_time: Moment | None = None

    def __post_init__(self) -> None:
        """Refuse a start that is none, for whoever reads records to leave it out. Raises ValueError."""
        if self.start_time is not None and not is_of_a_call(self.start_time):
            raise ValueError("`startTime` is no time of a call")


def last_end(records: Iterable[CallLogRecord]) -> datetime | None:
    """Give the latest end that any of these records tells of."""
    ends = (later(record.start_time, record.length_ms or 0) for record in records)
    return max((end for end in ends if end is not None), default=None)


def newest_of_each(records: Sequence[CallLogRecord]) -> tuple[CallLogRecord, ...]:
    """Keep the version of each record that was modified last; the later in the list where that does not tell.

    Legs come in no promised order: where two versions have the same ones, the first order stays.
    """
    newest: dict[str | bytes, CallLogRecord] = {}
    for record in records:
        name = record.id or msgspec.json.encode(record)
        known = newest.get(name)
        if known is None:
            newest[name] = record
        elif not _is_older(record, known):
            newest[name] = msgspec.structs.replace(record, legs=known.legs) if _is_reordered(record, known) else record
    return tuple(newest.values())


def _is_older(one: CallLogRecord, other: CallLogRecord) -> bool:
    """Say whether RingCentral tells that one version was written before another."""
    ours, theirs = one.last_modified_time, other.last_modified_time
    return ours is not None and theirs is not None and ours < theirs


def _is_reordered(one: CallLogRecord, other: CallLogRecord) -> bool:
    """Say whether two versions differ in the order of their legs."""
    if one.legs == other.legs or len(one.legs) != len(other.legs):
        return False
    ours, theirs = (sorted(map(msgspec.json.encode, record.legs)) for record in (one, other))
    return ours == theirs
