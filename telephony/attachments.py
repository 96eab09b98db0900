"""What hangs on a call: the extensions that took part, recordings, messages, cost, transfers.

RingCentral gives each of these on the record, on a leg, on both or on neither; here each is listed once, in an order
that does not depend on the order of legs.
"""

from collections.abc import Callable

import msgspec

from telephony.call_outcome import Cost, MessageRef, RecordingRef, Transfer
from telephony.explanations import Explanation, explained
from telephony.legs import has_fax, has_voicemail
from telephony.one_call import OneCall
from telephony.records import CallPart, Message
from telephony.times import LONG_AGO


class Attachments(msgspec.Struct, frozen=True):
    """Everything that hangs on a call, and why."""

    extensions: tuple[str, ...]
    recordings: tuple[RecordingRef, ...]
    voicemail: MessageRef | None
    fax: MessageRef | None
    billing: Cost | None
    transfer: Transfer | None
    explanation: tuple[Explanation, ...]


def attachments(call: OneCall) -> Attachments:
    """Collect what hangs on the call."""
    parts = call.parts
    extensions, recordings = _extensions(parts), _recordings(parts)
    voicemail, fax = _message(parts, has_voicemail), _message(parts, has_fax)
    transfer = _transfer(parts)
    return Attachments(
        extensions=extensions,
        recordings=recordings,
        voicemail=voicemail,
        fax=fax,
        billing=_cost(call),
        transfer=transfer,
        explanation=tuple(
            explained(field, value, rule)
            for field, value, rule in (
                ("recordings", tuple(one.id or "" for one in recordings), "recordings-named"),
                ("voicemail", voicemail and (voicemail.message_id or voicemail.uri), "message-type"),
                ("fax", fax and (fax.message_id or fax.uri), "message-type"),
                ("transfer", transfer and _named(transfer), "transfer-named"),
            )
            if value
        ),
    )


def _extensions(parts: tuple[CallPart, ...]) -> tuple[str, ...]:
    found = {part.extension_id for part in parts}
    found |= {end.extension_id for part in parts for end in (part.from_, part.to) if end}
    return tuple(sorted(filter(None, found)))


def _recordings(parts: tuple[CallPart, ...]) -> tuple[RecordingRef, ...]:
    """List each recording once: the record and its legs name the same one."""
    found: dict[str, RecordingRef] = {}
    for part in parts:
        if (one := part.recording) and (key := one.id or one.content_uri or one.uri):
            found.setdefault(key, RecordingRef(id=one.id, type=one.type, uri=one.uri, content_uri=one.content_uri))
    return tuple(found[key] for key in sorted(found))


def _message(parts: tuple[CallPart, ...], is_one: Callable[[CallPart], bool]) -> MessageRef | None:
    messages = [part.message for part in parts if part.message and is_one(part)]
    chosen: Message | None = min(messages, key=lambda one: (one.id or "", one.uri or ""), default=None)
    return None if chosen is None else MessageRef(message_id=chosen.id, uri=chosen.uri)


def _cost(call: OneCall) -> Cost | None:
    billing = next((record.billing for record in call.records if record.billing), None)
    return None if billing is None else Cost(cost_included=billing.cost_included, cost_purchased=billing.cost_purchased)


def _transfer(parts: tuple[CallPart, ...]) -> Transfer | None:
    found = [
        (part.start_time or LONG_AGO, *part.transfer_sessions)
        for part in parts
        if part.transfer_target or part.transferee
    ]
    named = [(start, target or "", transferee or "") for start, target, transferee in found if target or transferee]
    if not named:
        return None
    _, target, transferee = max(named)
    return Transfer(target_telephony_session_id=target or None, transferee_telephony_session_id=transferee or None)


def _named(transfer: Transfer) -> str | None:
    return transfer.target_telephony_session_id or transfer.transferee_telephony_session_id
