"""Names are resolved within a time, and not for every event."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.deliveries import name_lookup
from runtime.deliveries.name_lookup import NameLookup
from tests.destinations.resolving import Names

PUBLIC = "93.184.215.14"
OTHER = "93.184.215.15"


def addresses(found: Any) -> list[str]:
    return [one[4][0] for one in found]


def test_an_answer_is_remembered_for_a_while() -> None:
    names = Names(crm_example=[PUBLIC]).then("crm.example", OTHER)
    lookup = NameLookup(5, resolve=names)

    assert [addresses(lookup("crm.example", 443)) for _ in range(2)] == [[PUBLIC], [PUBLIC]]
    assert names.asked == ["crm.example"]


def test_when_the_while_is_over_it_is_asked_for_again() -> None:
    names = Names(crm_example=[PUBLIC]).then("crm.example", OTHER)
    lookup = NameLookup(5, resolve=names, kept_seconds=0)

    assert [addresses(lookup("crm.example", 443)) for _ in range(2)] == [[PUBLIC], [OTHER]]


def test_that_there_is_no_such_name_is_not_remembered() -> None:
    names = Names()
    lookup = NameLookup(5, resolve=names)

    for _ in range(2):
        with pytest.raises(socket.gaierror) as missing:
            lookup("crm.example", 443)
        assert missing.value.errno == socket.EAI_NONAME

    assert len(names.asked) == 2


def test_no_more_names_are_remembered_than_destinations_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_lookup, "_MOST_KEPT", 3)
    names = Names(**{f"crm{number}_example": [PUBLIC] for number in range(4)})
    lookup = NameLookup(5, resolve=names)

    for number in (0, 1, 2, 3, 0):
        lookup(f"crm{number}.example", 443)

    assert len(names.asked) == 5


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_resolver_that_does_not_answer_is_given_up(released: threading.Event) -> None:
    def silent(*_: object, **__: object) -> list[tuple[Any, ...]]:
        released.wait()
        return []

    with pytest.raises(socket.gaierror) as given_up:
        NameLookup(0.05, resolve=silent)("crm.example", 443)

    assert given_up.value.errno == socket.EAI_AGAIN
