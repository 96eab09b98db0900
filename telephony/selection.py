"""Which calls somebody means: by their ids, by who took part, by when they began and how they ended. Pure."""

import msgspec

from telephony.events import CallData
from telephony.search_terms import digits_of, spellings
from telephony.times import parse_time
from telephony.words import Outcome


class Traits(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What can be said of calls to mean them, beside their ids and times. What is named must all be true of a call.

    `number` is in any spelling, `extension` an id or a number, `destination` one that wants the call's last event.
    `failed` calls have an event that some destination (or that one) was never able to take; `unresolved` ones were
    given up.
    """

    number: str | None = None
    extension: str | None = None
    outcomes: tuple[Outcome, ...] = ()
    destination: str | None = None
    unresolved: bool = False
    failed: bool = False


class Selection(Traits, frozen=True, kw_only=True):
    """Calls that began from `since` until `until` (seconds); with `calls` only those are looked at.

    Named by nothing but their ids, calls are looked at even if nothing else is known of them.
    """

    calls: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None

    @property
    def asks_how_it_ended(self) -> bool:
        """Whether only calls can be meant of which something was published."""
        return bool(self.outcomes or self.destination or self.unresolved)

    @property
    def is_everything(self) -> bool:
        """Whether nothing was said of the calls at all."""
        return self == Selection()

    @property
    def is_backwards(self) -> bool:
        """Whether its time ends before it begins: no call can be meant."""
        return self.since is not None and self.until is not None and self.until < self.since

    @property
    def is_by_id_alone(self) -> bool:
        """Whether calls are named, and nothing else is said of them."""
        return bool(self.calls) and self == Selection(calls=self.calls)


def takes(selection: Selection, data: CallData) -> bool:
    """Say whether the call is meant, going by the newest that was published of it."""
    return (
        (not selection.unresolved or (data.revision > 0 and not data.confirmed))
        and (not selection.outcomes or data.outcome in selection.outcomes)
        and (selection.number is None or has_number(data, selection.number))
        and (selection.extension is None or _has_extension(data, selection.extension))
    )


def has_number(data: CallData, number: str) -> bool:
    """Say whether somebody with this number took part, as an end of the call or of a leg."""
    wanted = spellings(number)
    return any(digits_of(end.phone_number or end.raw_phone_number) in wanted for end in data.ends)


def _has_extension(data: CallData, extension: str) -> bool:
    """Say whether the extension with this id or number took part."""
    named = any(extension in {end.extension_id, end.extension_number} for end in data.ends)
    return named or extension in data.extensions


def began(data: CallData) -> float | None:
    """Say when the call began. Seconds."""
    found = parse_time(data.start_time or "") or parse_time(data.timing.first_event_at or "")
    return found.timestamp() if found else None
