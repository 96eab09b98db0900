"""Why a value is what it is: the rule and the leg that gave it, and the table of the rules that are plain facts.

Rules that decide between words have tables of their own (`precedence.RULES`, `legs.ROLE_RULES`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "only-record": "the call has one record",
        "principal-record": "of several records, the one that speaks for the call",
        "ringout-leg": "the result of the leg to this party",
        "ringout-best-leg": "of several legs to this party, the connected one, else the latest",
        "ringout-leg-without-result": "the leg to this party has no result",
        "ringout-not-attempted": "no leg: this party was never called",
        "ringout-live-agrees": "what the live status said last, and the call log bears it out",
        "ringout-live-overruled": "the live status said this last; the call log says otherwise, and it decides",
        "ringout-no-legs": "no leg of the RingOut is known",
        "not-a-ringout": "only a RingOut has these",
        "e164": "written as E.164",
        "not-e164": "not a text that an E.164 number can be told from",
        "number-told": "the record names neither number nor extension: as the notifications have it",
        "number-told-whole": "the record writes it without its country: the notifications have all of it",
        "extension-told": "the record has its number only: as the notifications have it",
        "record-never-came": "the call log showed no record in time that was written after the call",
        "record-times": "the record's start and duration",
        "span-of-records": "from the first start to the last end of the call's records",
        "direction-told": "whether a RingOut or one of the account's extensions began the call",
        "answer-told": "the far side was heard to answer then",
        "not-answered": "the call was not answered",
        "answer-at-leg": "the first leg that was answered began then",
        "answer-at-both-sides": "the later of the two connected legs of the RingOut began then",
        "answer-within-call": "the answered leg began outside of the call: the call's start, or its end",
        "answer-at-start": "no leg of its own was answered: the call's start",
        "answer-untold": "whether the emergency call was answered is not in the call log",
        "end-told": "the record has none: when something was heard of the call for the last time",
        "extensions-named": "named by a record, a leg, one of its ends, or a notification",
        "recordings-named": "on the record or a leg, each once",
        "message-type": "the message of this type on the record or a leg",
        "transfer-named": "the latest part with a transferTarget or a transferee",
    }
)


class Explanation(msgspec.Struct, frozen=True, rename="camel"):
    """One derived value and its reason.

    `field` is the path in the event (`outcome`, `legs[2].role`), `value` its value or the ids of what it lists, `rule`
    a name of docs/reference/outcomes.md, `leg` the index of the leg that decided, if one did. `because` never holds a
    number or a name of anybody.
    """

    field: str
    value: str | int | tuple[str, ...] | None
    rule: str
    leg: int | None
    because: str


def explained(
    field: str, value: str | int | tuple[str, ...] | None, rule: str, *, leg: int | None = None
) -> Explanation:
    """Explain a value by a rule of `REASONS`."""
    return Explanation(field, value, rule, leg, REASONS[rule])


def explained_number(end: str, number: str | None, raw: str | None) -> tuple[Explanation, ...]:
    """Explain the number of an end of the call only where it is not simply what RingCentral wrote."""
    if number == raw:
        return ()
    return (explained(f"{end}.phoneNumber", number, "e164" if number else "not-e164"),)
