"""Our words for how calls and legs end and who a leg belongs to; RingCentral's words stay its own strings.

These are promises to consumers (the event's `outcome`, `status` and `role`): a word is added, never renamed.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Outcome(StrEnum):
    """How a whole call ended. `OUTCOME_MEANINGS` says what each word promises."""

    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    MISSED = "missed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    FAILED = "failed"
    REPLIED = "replied"
    CALLBACK_REQUESTED = "callback_requested"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    EMERGENCY = "emergency"
    FAX_SENT = "fax_sent"
    FAX_RECEIVED = "fax_received"
    FAX_PARTIAL = "fax_partial"
    FAX_FAILED = "fax_failed"
    UNRESOLVED = "unresolved"
    UNKNOWN = "unknown"


class LegStatus(StrEnum):
    """What became of one leg: the words of `Outcome`, and three that only a leg can have (`LEG_ONLY_MEANINGS`)."""

    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    MISSED = "missed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    FAILED = "failed"
    REPLIED = "replied"
    CALLBACK_REQUESTED = "callback_requested"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    EMERGENCY = "emergency"
    FAX_SENT = "fax_sent"
    FAX_RECEIVED = "fax_received"
    FAX_PARTIAL = "fax_partial"
    FAX_FAILED = "fax_failed"
    UNRESOLVED = "unresolved"
    UNKNOWN = "unknown"
    IN_PROGRESS = "in_progress"
    STOPPED = "stopped"
    NOT_ATTEMPTED = "not_attempted"


class LegRole(StrEnum):
    """Whose part of the call a leg is. `ROLE_MEANINGS` says it in a sentence each."""

    CALLER = "caller"
    CALLEE = "callee"
    AGENT = "agent"
    QUEUE = "queue"
    VOICEMAIL = "voicemail"
    FAX = "fax"
    PARK = "park"
    TRANSFER = "transfer"
    CONFERENCE = "conference"
    MONITOR = "monitor"
    OTHER = "other"


OUTCOME_MEANINGS: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.ANSWERED: "A person or device of the far side took the call; for a RingOut, both sides did.",
        Outcome.VOICEMAIL: "The call ended in voicemail.",
        Outcome.MISSED: "Inbound: it rang out and nobody took it.",
        Outcome.NO_ANSWER: "Outbound: it was not picked up.",
        Outcome.BUSY: "The line was busy.",
        Outcome.ABANDONED: "Inbound: the caller hung up before an answer.",
        Outcome.CANCELLED: "Outbound: we hung up before an answer.",
        Outcome.REJECTED: "Somebody declined the call.",
        Outcome.BLOCKED: "A rule (blocked number, restricted area, not allowed) kept the call from going through.",
        Outcome.FAILED: "A fault kept the call from going through: a wrong number, a device offline, an error.",
        Outcome.REPLIED: "The call was answered by a reply message.",
        Outcome.CALLBACK_REQUESTED: "The caller left the queue asking to be called back.",
        Outcome.ANSWERED_ELSEWHERE: "Another person or device took the call.",
        Outcome.EMERGENCY: "An emergency call (911, or the 933 test line).",
        Outcome.FAX_SENT: "The fax was sent whole.",
        Outcome.FAX_RECEIVED: "The fax was received whole.",
        Outcome.FAX_PARTIAL: "Only part of the fax came through.",
        Outcome.FAX_FAILED: "The fax did not come through.",
        Outcome.UNRESOLVED: "The call log never showed a record of this call that was written after its end.",
        Outcome.UNKNOWN: "RingCentral gave no result, or a word never seen before.",
    }
)

LEG_ONLY_MEANINGS: Final[Mapping[LegStatus, str]] = MappingProxyType(
    {
        LegStatus.IN_PROGRESS: "The leg had not ended when the record was read.",
        LegStatus.STOPPED: "The attempt was stopped, as the call went on elsewhere or ended.",
        LegStatus.NOT_ATTEMPTED: "RingCentral never called this party.",
    }
)

ROLE_MEANINGS: Final[Mapping[LegRole, str]] = MappingProxyType(
    {
        LegRole.CALLER: "Whoever started the call; in a RingOut the party rung first.",
        LegRole.CALLEE: "Whoever the call was for, outside the account or another extension.",
        LegRole.AGENT: "One of the account's people, or a phone of theirs, being rung for an inbound call.",
        LegRole.QUEUE: "A call queue or hunt group.",
        LegRole.VOICEMAIL: "The voicemail that took the call.",
        LegRole.FAX: "A fax transmission.",
        LegRole.PARK: "A parked call, or its park location.",
        LegRole.TRANSFER: "The way to whom the call was transferred.",
        LegRole.CONFERENCE: "A conference, meeting or voice chat.",
        LegRole.MONITOR: "A supervisor listening in.",
        LegRole.OTHER: "A service of the platform, or a leg type never seen before.",
    }
)
