"""Which sessions are a RingOut's: by id, else by evidence, and never on a guess that fits two."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from telephony.linking import RINGOUT_SECOND_SESSION
from telephony.records import PhoneParty
from telephony.ringout_link import (
    ANOTHER_NAMED,
    BY_EVIDENCE,
    BY_ID,
    FITS_OTHERS,
    FITS_SEVERAL,
    IN_DOUBT,
    NO_NUMBERS,
    NOT_SEEN,
    SECOND_FITS_SEVERAL,
    Asked,
    Linking,
    Sighting,
    is_withdrawn,
    linking,
    same_id,
    sighting,
)
from tests.builders.call_log import START, a_record, after
from tests.builders.call_log import a_ringout as a_record_of_a_ringout
from tests.builders.sessions import a_ringout, an_outbound_call

ADA, BEN, COMPANY = "+16505550101", "+12125550111", "+16505550100"
OLD = "cs171849288443902@10.62.29.33"
OLD_BASE64 = base64.b64encode(OLD.encode()).decode()


def asked(name: str = "mine", **fields: Any) -> Asked:
    ordinary: dict[str, Any] = {"id": name, "placed_at": START, "ringout_id": f"s-{name}"}
    return Asked(**ordinary | {"caller": ADA, "callee": BEN} | fields)


def seen(name: str, older: int = 575838550017, **fields: Any) -> Sighting:
    """Sight a session by its record: from Ada to Ben, begun a second after the RingOut was placed."""
    ordinary: dict[str, Any] = {
        "session_id": str(older),
        "started_at": after(1),
        "ways": frozenset({(ADA, BEN)}),
        "recorded": True,
    }
    return Sighting(**{"telephony_session_id": name} | ordinary | fields)


def swapped(name: str, older: int, **fields: Any) -> Sighting:
    return seen(name, older, **{"ways": frozenset({(BEN, ADA)})} | fields)


def found(result: Linking) -> list[tuple[str, str]]:
    return [(one.telephony_session_id, one.rule) for one in result.sessions]


MINE, OTHER = asked(), asked("other")
ONE = 575838550017

CASES: dict[str, tuple[Asked, list[Asked], list[Sighting], list[tuple[str, str]] | str]] = {
    "its id is the session's": (MINE, [], [seen("s-mine")], [("s-mine", BY_ID)]),
    "its id is the session's, whoever and whenever": (
        asked(caller=None, callee=None),
        [],
        [seen("s-mine", ways=frozenset(), started_at=after(-3600))],
        [("s-mine", BY_ID)],
    ),
    "its id is the session's in base64": (
        asked(ringout_id=OLD_BASE64),
        [],
        [seen(OLD_BASE64.rstrip("="))],
        [(OLD_BASE64.rstrip("="), BY_ID)],
    ),
    "an id outweighs what looks alike": (MINE, [], [seen("s-alike"), seen("s-mine")], [("s-mine", BY_ID)]),
    "no id fits: all of the evidence": (MINE, [], [seen("s-x")], [("s-x", BY_EVIDENCE)]),
    "a number as id": (asked(ringout_id="144062279"), [], [seen("s-x")], [("s-x", BY_EVIDENCE)]),
    "parties told before the record": (
        MINE,
        [],
        [seen("s-x", ways=frozenset({(COMPANY, ADA), (COMPANY, BEN)}), recorded=False)],
        [("s-x", BY_EVIDENCE)],
    ),
    "only one party told yet": (
        MINE,
        [],
        [seen("s-x", ways=frozenset({(COMPANY, ADA)}), recorded=False)],
        NOT_SEEN,
    ),
    "nothing seen": (MINE, [], [], NOT_SEEN),
    "another callee": (MINE, [], [seen("s-x", ways=frozenset({(ADA, COMPANY)}))], NOT_SEEN),
    "parties told of what may be its second session": (
        MINE,
        [],
        [seen("s-x", ways=frozenset({(BEN, ADA), (COMPANY, BEN)}), recorded=False)],
        NOT_SEEN,
    ),
    "as early as may be": (MINE, [], [seen("s-x", started_at=after(-15))], [("s-x", BY_EVIDENCE)]),
    "as late as may be": (MINE, [], [seen("s-x", started_at=after(60))], [("s-x", BY_EVIDENCE)]),
    "too early": (MINE, [], [seen("s-x", started_at=after(-16))], NOT_SEEN),
    "too late": (MINE, [], [seen("s-x", started_at=after(61))], NOT_SEEN),
    "the other way round": (MINE, [], [swapped("s-x", ONE)], NOT_SEEN),
    "numbers unknown": (asked(caller=None), [], [seen("s-x")], NO_NUMBERS),
    "the callee unknown": (asked(callee=None), [], [seen("s-x")], NO_NUMBERS),
    "another RingOut that it does not fit": (
        MINE,
        [asked("other", callee=COMPANY)],
        [seen("s-x")],
        [("s-x", BY_EVIDENCE)],
    ),
    "two sessions fit": (MINE, [], [seen("s-x"), seen("s-y")], FITS_SEVERAL),
    "the session fits two RingOuts": (MINE, [OTHER], [seen("s-x")], FITS_OTHERS),
    "the other RingOut has its own by id": (MINE, [OTHER], [seen("s-x"), seen("s-other")], [("s-x", BY_EVIDENCE)]),
    "the session is the other's by id": (MINE, [OTHER], [seen("s-other")], NOT_SEEN),
    "a second session, the record's neighbour": (
        MINE,
        [],
        [seen("s-mine"), swapped("s-second", ONE + 2000)],
        [("s-mine", BY_ID), ("s-second", RINGOUT_SECOND_SESSION)],
    ),
    "a second session before the first one's record": (
        MINE,
        [],
        [
            seen("s-mine", ways=frozenset({(COMPANY, ADA), (COMPANY, BEN)}), recorded=False),
            swapped("s-second", ONE - 4000, recorded=False),
        ],
        [("s-mine", BY_ID), ("s-second", RINGOUT_SECOND_SESSION)],
    ),
    "a second session of one placed elsewhere": (
        asked(caller=None, callee=None),
        [],
        [seen("s-mine"), swapped("s-second", ONE + 1000)],
        [("s-mine", BY_ID), ("s-second", RINGOUT_SECOND_SESSION)],
    ),
    "a second session of one whose callee is not known": (
        asked(callee=None),
        [],
        [seen("s-mine"), swapped("s-second", ONE + 1000)],
        [("s-mine", BY_ID), ("s-second", RINGOUT_SECOND_SESSION)],
    ),
    "a second session, and a stranger's that is its neighbour": (
        MINE,
        [],
        [seen("s-mine"), seen("s-x", ONE + 4000, ways=frozenset({(COMPANY, BEN)})), swapped("s-second", ONE + 2000)],
        [("s-mine", BY_ID), ("s-second", RINGOUT_SECOND_SESSION)],
    ),
    "swapped and a neighbour, but a minute later": (
        MINE,
        [],
        [seen("s-mine"), swapped("s-x", ONE + 2000, started_at=after(62))],
        [("s-mine", BY_ID)],
    ),
    "numbers that nobody knows are not swapped": (
        asked(caller=None, callee=None),
        [],
        [
            seen("s-mine", ways=frozenset(), recorded=False),
            seen("s-x", ONE + 2000, ways=frozenset({(None, None)}), recorded=False),
        ],
        [("s-mine", BY_ID)],
    ),
    "parties tell who is shown and who is called, and not both ends": (
        asked(caller=None, callee=None),
        [],
        [
            seen("s-mine", ways=frozenset({(COMPANY, ADA)}), recorded=False),
            seen("s-x", ONE + 2000, ways=frozenset({(ADA, COMPANY)})),
        ],
        [("s-mine", BY_ID)],
    ),
    "swapped, but no neighbour": (MINE, [], [seen("s-mine"), swapped("s-x", ONE + 4001)], [("s-mine", BY_ID)]),
    "swapped, but too near": (MINE, [], [seen("s-mine"), swapped("s-x", ONE + 999)], [("s-mine", BY_ID)]),
    "a neighbour, but not swapped": (MINE, [], [seen("s-mine"), seen("s-x", ONE + 2000)], [("s-mine", BY_ID)]),
    "two neighbours": (
        MINE,
        [],
        [seen("s-mine"), swapped("s-x", ONE + 1000), swapped("s-y", ONE + 3000)],
        [("s-mine", BY_ID)],
    ),
    "a neighbour of two firsts": (
        MINE,
        [OTHER],
        [seen("s-mine"), seen("s-other", ONE + 2000), swapped("s-x", ONE + 1000 * 3)],
        [("s-mine", BY_ID)],
    ),
    "a neighbour that is another RingOut's by its id": (
        MINE,
        [asked("back", caller=None, callee=None)],
        [seen("s-mine"), swapped("s-back", ONE + 2000)],
        [("s-mine", BY_ID)],
    ),
    "a neighbour that may be another RingOut's": (
        MINE,
        [asked("back", ringout_id=None, caller=BEN, callee=ADA)],
        [seen("s-mine"), swapped("s-back", ONE + 2000)],
        [("s-mine", BY_ID)],
    ),
    "a conference is nobody's neighbour": (
        MINE,
        [],
        [seen("s-mine", session_id="0"), swapped("s-x", ONE)],
        [("s-mine", BY_ID)],
    ),
    "a sessionId beyond any number is nobody's neighbour": (
        MINE,
        [],
        [seen("s-mine", session_id="9" * 5000), swapped("s-x", ONE)],
        [("s-mine", BY_ID)],
    ),
}


@pytest.mark.parametrize(("mine", "others", "sightings", "expected"), CASES.values(), ids=CASES)
def test_what_is_linked(
    mine: Asked, others: list[Asked], sightings: list[Sighting], expected: list[tuple[str, str]] | str
) -> None:
    result = linking(mine, [mine, *others], sightings)

    assert (result.because if isinstance(expected, str) else found(result)) == expected
    assert linking(mine, others[::-1], sightings[::-1]) == result


def test_two_unrelated_calls_between_the_same_two_are_linked_to_none_of_two_ringouts() -> None:
    sightings = [seen("s-x", ONE), seen("s-y", ONE + 40)]

    assert [linking(one, [MINE, OTHER], sightings).because for one in (MINE, OTHER)] == [FITS_SEVERAL] * 2


DOUBTED: dict[str, tuple[Asked, list[Asked], list[Sighting], dict[str, str]]] = {
    "linked for certain": (MINE, [], [seen("s-mine"), swapped("s-second", ONE + 2000)], {}),
    "nothing fits": (MINE, [], [swapped("s-x", ONE + 2000)], {}),
    "two first ones": (MINE, [], [seen("s-x"), seen("s-y")], {"s-x": FITS_SEVERAL, "s-y": FITS_SEVERAL}),
    "two first ones, and the second of one of them": (
        MINE,
        [],
        [seen("s-x"), seen("s-y", ONE + 9000), swapped("s-second", ONE + 2000)],
        dict.fromkeys(["s-x", "s-y", "s-second"], FITS_SEVERAL),
    ),
    "a first one that is another's too": (
        MINE,
        [OTHER],
        [seen("s-x"), swapped("s-second", ONE + 2000)],
        {"s-x": FITS_OTHERS, "s-second": FITS_OTHERS},
    ),
    "a first one by its id, and one that looks alike": (
        MINE,
        [],
        [seen("s-mine"), seen("s-alike")],
        {"s-alike": ANOTHER_NAMED},
    ),
    "a first one by its id, and numbers that nobody knows": (
        asked(caller=None, callee=None),
        [],
        [seen("s-mine"), seen("s-x", ways=frozenset({(None, None)}))],
        {},
    ),
    "two first ones that look alike, each by its id": (MINE, [OTHER], [seen("s-mine"), seen("s-other")], {}),
    "a first one by its id, and two second ones": (
        MINE,
        [],
        [seen("s-mine"), swapped("s-x", ONE + 1000), swapped("s-y", ONE + 3000)],
        {"s-x": SECOND_FITS_SEVERAL, "s-y": SECOND_FITS_SEVERAL},
    ),
    "a second one of two first ones": (
        MINE,
        [OTHER],
        [seen("s-mine"), seen("s-other", ONE + 2000), swapped("s-x", ONE + 3000)],
        {"s-x": SECOND_FITS_SEVERAL},
    ),
}


@pytest.mark.parametrize(("mine", "others", "sightings", "expected"), DOUBTED.values(), ids=DOUBTED)
def test_what_is_in_doubt_though_it_fits(
    mine: Asked, others: list[Asked], sightings: list[Sighting], expected: dict[str, str]
) -> None:
    result = linking(mine, others, sightings)

    assert {one.telephony_session_id: one.because for one in result.doubted} == expected
    assert {one.rule for one in result.doubted} <= {IN_DOUBT}


LINKED_BEFORE = [seen("s-first"), swapped("s-second", ONE + 2000)]

WITHDRAWN: dict[str, tuple[Asked, list[Sighting], bool]] = {
    "nothing else fits": (MINE, LINKED_BEFORE, False),
    "another fits as the first": (MINE, [*LINKED_BEFORE, seen("s-x", ONE + 9000)], True),
    "another fits as the first, which has the id": (
        asked(ringout_id="s-first"),
        [*LINKED_BEFORE, seen("s-x", ONE + 9000)],
        False,
    ),
    "another has the id": (MINE, [*LINKED_BEFORE, seen("s-mine", ONE + 9000)], True),
    "another fits as the second, though the first has the id": (
        asked(ringout_id="s-first"),
        [*LINKED_BEFORE, swapped("s-x", ONE + 3000)],
        True,
    ),
    "it is between others": (asked(callee=COMPANY), LINKED_BEFORE, True),
    "the first is forgotten": (MINE, [swapped("s-second", ONE + 2000), seen("s-x", ONE + 9000)], False),
    "the second is forgotten": (MINE, [seen("s-first"), seen("s-x", ONE + 9000)], False),
}


@pytest.mark.parametrize(("mine", "sightings", "expected"), WITHDRAWN.values(), ids=WITHDRAWN)
def test_a_second_session_stays_linked_until_something_else_fits(
    mine: Asked, sightings: list[Sighting], *, expected: bool
) -> None:
    assert is_withdrawn("s-first", "s-second", [linking(mine, [], sightings)], sightings) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("s-1", "s-1", True),
        ("s-1", "s-2", False),
        (OLD_BASE64, OLD_BASE64.rstrip("="), True),
        (OLD_BASE64, OLD, True),
        (OLD_BASE64.replace("+", "-").replace("/", "_"), OLD_BASE64, True),
        ("Y3M=", "cs", False),
        (base64.b64encode(b"ab@c").decode(), "ab@c", False),
        ("1412", "1412", True),
        ("ü", "s-1", False),
    ],
)
def test_ids_are_one_out_of_base64(one: str, other: str, *, expected: bool) -> None:
    assert same_id(one, other) is expected


def test_a_session_is_sighted_by_what_its_parties_or_its_records_say() -> None:
    session = a_ringout((1, "Proceeding"), (1, "Answered"), (2, "Proceeding"))

    told = sighting("s-1", session, ())
    recorded = sighting(
        "s-1", session, [a_record_of_a_ringout(from_=_end(ADA), to=_end(BEN), start_time=START + timedelta(seconds=9))]
    )

    assert told is not None
    assert recorded is not None
    assert (told.recorded, {to for _, to in told.ways}) == (False, {ADA, BEN})
    assert (recorded.recorded, set(recorded.ways)) == (True, {(ADA, BEN)})
    assert (told.telephony_session_id, told.session_id, told.started_at) == ("s-1", "81264402011", session.started_at)
    assert recorded.started_at == session.started_at


def test_a_session_of_which_nothing_was_heard_is_sighted_by_its_records_that_are_of_the_ringout() -> None:
    ends: dict[str, Any] = {"from_": _end(ADA), "to": _end(BEN)}
    records = [
        a_record_of_a_ringout(start_time=after(9), session_id=None, **ends),
        a_record_of_a_ringout(start_time=after(3), from_=_end(COMPANY)),
        a_record(start_time=after(5), from_=_end(BEN), to=_end(COMPANY)),
    ]

    assert sighting("s-1", None, records) == seen("s-1", 575838550099, started_at=after(3))


def test_what_is_no_ringout_or_has_no_beginning_is_not_sighted() -> None:
    assert sighting("s-1", an_outbound_call((1, "Setup")), [a_record()]) is None
    assert sighting("s-1", None, [a_record_of_a_ringout(start_time=None)]) is None
    assert sighting("s-1", None, ()) is None


def _end(number: str) -> PhoneParty:
    return PhoneParty(phone_number=number)


@pytest.mark.parametrize(
    "from_", [PhoneParty(name="Ada"), PhoneParty(extension_number="101"), PhoneParty("6505550101")]
)
def test_a_record_that_does_not_name_both_numbers_takes_nothing_back(from_: PhoneParty) -> None:
    session = a_ringout((1, "Answered"), (2, "Answered"))
    record = a_record_of_a_ringout(from_=from_, to=PhoneParty(BEN))

    one = sighting("s-x", session, [record])

    assert one == sighting("s-x", session, ())
    assert one is not None
    assert found(linking(MINE, [], [one])) == [("s-x", BY_EVIDENCE)]
