"""The scenario tables hold together: sequences, endings, payloads, truth."""

import pytest

from scripts.simulator.notifications import notification, notification_body, notification_uuid
from scripts.simulator.records import RecordWriter
from scripts.simulator.scenarios import SCENARIOS
from scripts.simulator.take import Take
from tests.simulator.schemas import NOTIFICATION, RECORD
from tests.simulator.takes import NOON, every_take

TERMINAL = {"Disconnected", "Gone"}
OUTCOMES = {
    *("answered", "missed", "voicemail", "abandoned", "rejected", "busy", "no_answer", "cancelled", "failed"),
    *("fax_received", "fax_sent"),
}


def a_name(take: Take) -> str:
    return f"{take.call.scenario.name}-{take.place}"


every_session = pytest.mark.parametrize("take", list(every_take()), ids=a_name)


@every_session
def test_every_party_is_gone_after_the_last_step_and_not_before(take: Take) -> None:
    steps = take.session.steps
    last = {step.party: step for step in steps}

    assert set(last) == set(range(1, len(take.session.parties) + 1))
    assert all(step.code in TERMINAL for step in last.values())
    before = {step.party: step.code for step in steps[:-1]}
    assert any(code not in TERMINAL for code in before.values())


@every_session
def test_steps_stand_in_the_order_of_their_times(take: Take) -> None:
    times = [step.at for step in take.session.steps]

    assert times == sorted(times)


@every_session
def test_a_party_that_is_gone_says_nothing_more(take: Take) -> None:
    gone: set[int] = set()

    for step in take.session.steps:
        assert step.party not in gone
        if step.code in TERMINAL:
            gone.add(step.party)


@every_session
def test_sequences_start_at_2_and_have_no_gap(take: Take) -> None:
    steps = range(len(take.session.steps))

    sequences = [notification_body(take, number, "1")["sequence"] for number in steps]

    assert sequences == list(range(2, 2 + len(steps)))


@every_session
def test_notifications_have_the_shape_of_the_platform(take: Take) -> None:
    for number in range(len(take.session.steps)):
        body = notification_body(take, number, "400131426008")
        uuid = notification_uuid(take.ids.seed, number, "sub")
        document = notification(
            body, account_id="400131426008", subscription_id="sub", owner_id="1", uuid=uuid, now=NOON
        )

        NOTIFICATION.validate(document)
        extension = body["parties"][0].get("extensionId")
        assert (extension is None) or f"/extension/{extension}/" in document["event"]


@every_session
def test_records_have_the_shape_of_the_platform(take: Take) -> None:
    writer = RecordWriter("http://127.0.0.1:8090", "400131426008")
    later = take.record_at

    documents = [
        *writer.final(take, recorded=False, now=later),
        *writer.final(take, recorded=True, now=later),
        *writer.provisional(take, now=take.begins_at + 1),
    ]

    for document in documents:
        RECORD.validate(document)


@every_session
def test_a_record_lies_within_its_session(take: Take) -> None:
    steps = take.session.steps

    for record in take.session.records:
        times = [(record.start, record.end), *((leg.start, leg.end) for leg in record.legs)]
        assert all(steps[0].at <= start <= end <= steps[-1].at for start, end in times)


@every_session
def test_every_session_has_a_truth_in_our_words(take: Take) -> None:
    truth = take.session.truth

    assert truth.outcome in OUTCOMES
    assert (truth.caller_outcome is not None) == (take.session.origin == "RingOut")
    assert all(record.direction == truth.direction for record in take.session.records)


def test_a_busy_ringout_caller_leaves_one_leg_and_one_party() -> None:
    session = SCENARIOS["ringout_caller_busy"].sessions[0]

    (record,) = session.records
    assert [leg.leg_type for leg in record.legs] == ["RingOut{family}ToCaller"]
    assert len(session.parties) == 1
    assert session.truth.callee_status is None
    assert session.truth.callee_outcome == "not_attempted"
