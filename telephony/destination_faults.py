"""What is wrong with what somebody asks of a destination, beyond the types: each fault with its place. Pure."""

from collections.abc import Container, Iterator
from typing import Final

from msgspec import UNSET

from telephony.destinations import FIELDS, Changes, DestinationState, Draft

LONGEST_LIST: Final = 1000
LONGEST_TEXT: Final = 1000
DIRECTIONS: Final = ("Inbound", "Outbound")

_LISTS: Final = ("accounts", "extensions", "directions", "numbers", "fields")
_WORDS: Final = {"directions": frozenset(word.casefold() for word in DIRECTIONS), "fields": FIELDS}
_NAMED: Final = {"directions": " or ".join(DIRECTIONS), "fields": "a field of an event's data"}
_BY_PEOPLE: Final = (UNSET, DestinationState.ACTIVE, DestinationState.PAUSED)


def faults(asked: Draft | Changes, accounts: Container[str] | None = None) -> Iterator[tuple[str, str]]:
    """Give the JSON pointer of each fault, and what is wrong there.

    `accounts` are those of the settings, None where nobody knows them.
    """
    if asked.description is not UNSET and len(asked.description) > LONGEST_TEXT:
        yield "/description", f"is longer than {LONGEST_TEXT} characters"
    for name in _LISTS:
        found = getattr(asked, name)
        yield from _of_list(name, () if found is UNSET else found)
    if isinstance(asked, Changes):
        yield from _of_changes(asked)
    if accounts is not None:
        yield from _of_strangers(asked, accounts)


def _of_strangers(asked: Draft | Changes, names: Container[str]) -> Iterator[tuple[str, str]]:
    """Find accounts that are none of `names`, nor can be RingCentral's id of one, which is a number."""
    for place, text in enumerate(() if asked.accounts is UNSET else asked.accounts):
        if text not in names and not text.isdecimal():
            yield f"/accounts/{place}", f"is no account of the settings, nor RingCentral's id of one: {text[:100]!r}"


def _of_list(name: str, texts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if len(texts) > LONGEST_LIST:
        yield f"/{name}", f"has more than {LONGEST_LIST} items"
        return
    for place, text in enumerate(texts):
        if not text or len(text) > LONGEST_TEXT or not text.isprintable():
            yield f"/{name}/{place}", "must be text that can be printed, and not empty"
        elif name in _WORDS and (text.casefold() if name == "directions" else text) not in _WORDS[name]:
            yield f"/{name}/{place}", f"must be {_NAMED[name]}"


def _of_changes(changes: Changes) -> Iterator[tuple[str, str]]:
    if changes.state not in _BY_PEOPLE:
        yield "/state", "must be active or paused: a destination is disabled by what its endpoint answers"
    if changes.disabled_because is not UNSET:
        yield "/disabledBecause", "is told, not asked for"
