"""What holds for every call, however odd its records."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from telephony.agent_rules import TALKED
from telephony.agents import agents
from telephony.call_log import decode_page
from telephony.explanations import REASONS
from telephony.legs import ROLE_RULES
from telephony.outcomes import derive
from telephony.precedence import RULES
from telephony.records import CallLogRecord, ExtensionRef, Leg
from telephony.sessions import Session
from telephony.settled import is_settled, was_still_on
from telephony.words import Outcome
from tests.builders.call_log import START
from tests.telephony.test_call_log import JSON, RECORD_LIKE, as_json
from tests.telephony.test_legs import PUBLISHED as LEG_TYPES
from tests.telephony.test_results import PUBLISHED as RESULTS

MAYBE_TIME = st.none() | st.integers(0, 300).map(lambda second: START.replace(minute=second // 60, second=second % 60))
RESULT = st.none() | st.sampled_from([*RESULTS, "hang up", "A Word Never Seen"])
DIRECTION = st.none() | st.sampled_from(["Inbound", "Outbound"])
MAYBE_SECONDS = st.none() | st.integers(0, 600)
LEG = st.builds(
    Leg,
    leg_type=st.none() | st.sampled_from([*LEG_TYPES, "HologramLeg"]),
    result=RESULT,
    direction=DIRECTION,
    start_time=MAYBE_TIME,
    duration=MAYBE_SECONDS,
    master=st.none() | st.booleans(),
    extension=st.none() | st.builds(ExtensionRef, id=st.integers(1, 3)),
)
RECORD = st.builds(
    CallLogRecord,
    id=st.sampled_from(["A", "B", "C", "D"]),
    result=RESULT,
    direction=DIRECTION,
    action=st.sampled_from(["Phone Call", "VoIP Call", "RingOut Web"]),
    start_time=MAYBE_TIME,
    duration=MAYBE_SECONDS,
    last_modified_time=MAYBE_TIME,
    legs=st.lists(LEG, max_size=4).map(tuple),
)
CALL = st.lists(RECORD, min_size=1, max_size=4)
LATER = "9999"
ORIGIN = st.sampled_from([None, "Call", "RingOut"])
KNOWN_RULES = {*REASONS, *(rule.name for rule in RULES), *(rule.name for rule in ROLE_RULES)}


@given(CALL, ORIGIN, st.randoms(use_true_random=False))
def test_the_order_of_the_records_changes_nothing(
    records: list[CallLogRecord], origin: str | None, random: Any
) -> None:
    shuffled = random.sample(records, len(records))

    assert derive(shuffled, origin=origin) == derive(records, origin=origin)


@given(CALL, ORIGIN, st.randoms(use_true_random=False))
def test_the_order_of_the_legs_changes_neither_outcome_nor_statuses_nor_times(
    records: list[CallLogRecord], origin: str | None, random: Any
) -> None:
    distinct = list({record.id: record for record in records}.values())
    shuffled = [
        msgspec.structs.replace(record, legs=tuple(random.sample(record.legs, len(record.legs)))) for record in distinct
    ]

    before, after = derive(distinct, origin=origin), derive(shuffled, origin=origin)

    for field in set(before.__struct_fields__) - {"legs", "explanation"}:
        assert getattr(after, field) == getattr(before, field), field


@given(CALL, ORIGIN)
def test_every_explanation_names_a_rule_that_is_documented_and_a_leg_that_exists(
    records: list[CallLogRecord], origin: str | None
) -> None:
    derived = derive(records, origin=origin)

    for why in derived.explanation:
        assert why.rule in KNOWN_RULES
        assert why.leg is None or derived.legs[why.leg].index == why.leg


@given(CALL, ORIGIN)
def test_a_call_is_answered_within_its_time_or_not_at_all(records: list[CallLogRecord], origin: str | None) -> None:
    derived = derive(records, origin=origin)

    if derived.outcome not in {Outcome.ANSWERED, Outcome.EMERGENCY}:
        assert derived.answer_time is None
    elif derived.outcome is Outcome.ANSWERED and derived.start_time is not None:
        assert derived.start_time <= (derived.answer_time or "") <= (derived.end_time or LATER)


@given(CALL, ORIGIN)
def test_nobody_was_rung_or_talked_for_longer_than_from_the_first_leg_to_the_last(
    records: list[CallLogRecord], origin: str | None
) -> None:
    dated = [msgspec.structs.replace(one, legs=tuple(leg for leg in one.legs if leg.start_time)) for one in records]
    legs = [leg for one in dated for leg in one.legs]
    begins = [leg.start_time for leg in legs if leg.start_time]
    ends = [begin + timedelta(seconds=leg.duration or 0) for begin, leg in zip(begins, legs, strict=True)]
    longest = max(ends, default=START) - min(begins, default=START)

    for agent in agents(Session("s-1"), derive(dated, origin=origin).legs)[0]:
        assert agent.talk_seconds is None or agent.status in TALKED
        assert max(agent.talk_seconds or 0, agent.ring_seconds or 0) <= longest.total_seconds()


@given(st.lists(RECORD_LIKE | JSON, min_size=1, max_size=3), ORIGIN)
def test_whatever_can_be_read_can_be_derived_and_written(written: list[Any], origin: str | None) -> None:
    records = decode_page(as_json({"records": written})).records

    if records:
        assert msgspec.json.encode(derive(records, origin=origin))


@given(RECORD)
def test_whatever_a_record_lacks_it_is_settled_once_it_is_said_to_be_finished(record: CallLogRecord) -> None:
    assert is_settled(msgspec.structs.replace(record, finished=True))
    assert not (is_settled(record) and was_still_on(record))


@given(CALL)
def test_deriving_twice_gives_the_same_bytes(records: list[CallLogRecord]) -> None:
    assert msgspec.json.encode(derive(records)) == msgspec.json.encode(derive(tuple(records)))
