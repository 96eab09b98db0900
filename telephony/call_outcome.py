"""The shape of what is derived from a call's records: the part of the event that the call log decides.

Field names become the event's own in camelCase. Every list is a tuple, every time is text in UTC with milliseconds, as
it leaves, every absent value is None.
"""

import msgspec

from telephony.explanations import Explanation
from telephony.words import LegRole, LegStatus, Outcome


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Endpoint(_Part, frozen=True):
    """One end of a call or leg. `phone_number` is E.164 or None; `raw_phone_number` is what RingCentral wrote."""

    phone_number: str | None = None
    raw_phone_number: str | None = None
    name: str | None = None
    extension_id: str | None = None
    extension_number: str | None = None

    @property
    def says_who(self) -> bool:
        """Whether somebody can be told by it: a name alone does not."""
        return bool(self.raw_phone_number or self.extension_id or self.extension_number)


class LegOutcome(_Part, frozen=True):
    """One leg: RingCentral's words, and ours (`role`, `status`) for them. `index` is how explanations name it."""

    index: int
    leg_type: str | None
    role: LegRole
    status: LegStatus
    result: str | None
    reason: str | None
    action: str | None
    direction: str | None
    from_: Endpoint = msgspec.field(name="from")
    to: Endpoint
    extension_id: str | None
    start_time: str | None
    duration_seconds: int | None
    master: bool


class RecordingRef(_Part, frozen=True):
    """Where a recording is. `content_uri` needs RingCentral's authorization."""

    id: str | None
    type: str | None
    uri: str | None
    content_uri: str | None


class MessageRef(_Part, frozen=True):
    """The voicemail or fax a call left in the message store."""

    message_id: str | None
    uri: str | None


class Cost(_Part, frozen=True):
    """What the call cost, as RingCentral bills it."""

    cost_included: float | None
    cost_purchased: float | None


class Transfer(_Part, frozen=True):
    """The telephony sessions at both ends of a warm transfer, as far as RingCentral names them."""

    target_telephony_session_id: str | None
    transferee_telephony_session_id: str | None


class CallOutcome(_Part, frozen=True):
    """All that a call's records say about how it ended.

    `caller_*` and `callee_*` are about a RingOut and None for every other call. Equal records, in any order, give an
    equal CallOutcome.
    """

    session_id: str | None
    record_ids: tuple[str, ...]
    direction: str | None
    type: str | None
    outcome: Outcome
    result: str | None
    reason: str | None
    action: str | None
    caller_status: str | None
    callee_status: str | None
    caller_outcome: LegStatus | None
    callee_outcome: LegStatus | None
    from_: Endpoint = msgspec.field(name="from")
    to: Endpoint
    start_time: str | None
    answer_time: str | None
    end_time: str | None
    duration_seconds: int | None
    extensions: tuple[str, ...]
    legs: tuple[LegOutcome, ...]
    recordings: tuple[RecordingRef, ...]
    voicemail: MessageRef | None
    fax: MessageRef | None
    billing: Cost | None
    transfer: Transfer | None
    explanation: tuple[Explanation, ...]

    @property
    def ends(self) -> tuple[Endpoint, ...]:
        """Every end of the call and of its legs."""
        return (self.from_, self.to, *(end for leg in self.legs for end in (leg.from_, leg.to)))
