"""The oracle sees each defect it is there for, and says what is wrong; where all is well it says so."""

from collections.abc import Iterator
from contextlib import closing
from inspect import isfunction, signature
from pathlib import Path

import pytest
from redis import Redis

from runtime import keys
from runtime.settings import DEFAULT_ACCOUNT
from scripts.simulator.tokens import TOKEN_PREFIX
from scripts.soaking import calm, crm_checks, inbox_checks, outcome_checks, process_checks, strangers
from scripts.soaking.findings import Finding, finding
from scripts.soaking.oracle import CHECKS
from scripts.soaking.plant import ADMIN_TOKEN, Plant
from telephony.sessions import Session, fold
from tests.builders.attempts import an_attempt, keep
from tests.builders.calls import Call, ivr_call
from tests.outputs import entries
from tests.soaking.plants import (
    BEGAN,
    a_course,
    a_plant,
    acknowledged,
    arrived,
    listed,
    posted,
    published,
    stored,
    tracked,
)

CALL = ivr_call()
COURSE = a_course()


@pytest.fixture
def plant(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Plant]:
    made = a_plant(redis_url, tmp_path)
    with closing(made.redis), closing(made.patient):
        yield made


def session_of(call: Call, *, but: int | None = None) -> Session:
    session = None
    for notification in call.notifications:
        if notification.sequence != but:
            session = fold(session, notification)
    assert session is not None
    return session


def test_every_check_that_is_written_is_made() -> None:
    modules = (calm, crm_checks, inbox_checks, outcome_checks, process_checks)
    functions = [each for module in modules for each in vars(module).values() if isfunction(each)]
    written = {each for each in functions if each.__name__[0] != "_" and signature(each).return_annotation is Finding}

    assert written - {finding} <= set(CHECKS)
    assert len(CHECKS) == len(written - {finding}) + 2  # and two of a plant alone


class TestNotifications:
    def test_one_that_was_answered_200_and_is_not_stored_is_missed(self, plant: Plant, redis: Redis) -> None:
        acknowledged(plant, CALL.telephony_session_id, 2, 3)
        stored(redis, CALL.bodies[0], CALL.bodies[0])
        lost = inbox_checks.stored(plant, COURSE)
        stored(redis, CALL.bodies[1])

        assert (lost.held, lost.detail) == (False, f"notification 3 of {CALL.telephony_session_id} is not there")
        assert inbox_checks.stored(plant, COURSE).held

    def test_one_that_was_passed_over_is_missed_in_its_session(self, plant: Plant, redis: Redis) -> None:
        stored(redis, *CALL.bodies)
        tracked(redis, session_of(CALL, but=5))
        passed_over = inbox_checks.read_whole(plant, COURSE)
        tracked(redis, session_of(CALL))

        told = f"{CALL.telephony_session_id} has notifications 2 to 12, and was made of 2 to 4, 6 to 12"
        assert (passed_over.held, passed_over.detail) == (False, told)
        assert inbox_checks.read_whole(plant, COURSE).held

    def test_a_call_of_which_nothing_was_read_is_missed(self, plant: Plant, redis: Redis) -> None:
        stored(redis, *CALL.bodies)

        assert inbox_checks.read_whole(plant, COURSE).detail == f"{CALL.telephony_session_id} is not in the ledger"

    def test_a_body_that_cannot_be_read_is_looked_for_in_quarantine_once(self, plant: Plant, redis: Redis) -> None:
        stored(redis, b"no JSON")
        ((place, _),) = entries(redis, keys.inbox(DEFAULT_ACCOUNT))
        missing = inbox_checks.read_whole(plant, COURSE)
        redis.xadd(keys.quarantine(DEFAULT_ACCOUNT), {"inboxId": place})
        found = inbox_checks.read_whole(plant, COURSE)
        redis.xadd(keys.quarantine(DEFAULT_ACCOUNT), {"inboxId": place})
        doubled = inbox_checks.read_whole(plant, COURSE)

        assert missing.detail == f"{place.decode()} cannot be read and is not in quarantine"
        assert found.held
        assert doubled.detail == f"{place.decode()} is in quarantine without need"

    def test_one_in_a_hundred_may_wait_for_its_answer(self, plant: Plant) -> None:
        posted(plant, sent=150, failed=50, late=2)
        in_time = inbox_checks.answered_soon(plant, COURSE)
        posted(plant, sent=150, failed=50, late=3)

        assert in_time.held
        assert inbox_checks.answered_soon(plant, COURSE).detail == "not 3 of 200"


class TestEvents:
    def test_calls_that_were_heard_and_of_whose_end_nothing_was_told_are_seen(self, plant: Plant, redis: Redis) -> None:
        for number in range(10):
            acknowledged(plant, f"s-{number}", 2)
            published(redis, f"s-{number}/1")
        for number in range(8):
            published(redis, f"s-{number}/0")
        two = outcome_checks.ends(plant, COURSE)
        published(redis, "s-8/0")

        assert two.detail == "s-8 has none; s-9 has none"
        assert outcome_checks.ends(plant, COURSE).held

    def test_a_recording_nobody_was_told_of_is_missed(self, plant: Plant, redis: Redis) -> None:
        listed(plant, "s-1", recorded=True)
        listed(plant, "s-2", recorded=False)
        published(redis, "s-1/1", recordings=[])
        published(redis, "s-2/1", recordings=[])
        untold = outcome_checks.recordings(plant, COURSE)
        published(redis, "s-1/2", recordings=[{"id": "1"}])
        told = outcome_checks.recordings(plant, COURSE)
        published(redis, "s-2/2", recordings=[{"id": "2"}])

        assert untold.detail == "s-1 has one that nobody was told of"
        assert (told.held, told.detail) == (True, "1 calls have one")
        assert outcome_checks.recordings(plant, COURSE).detail == "s-2 has none and was said to have one"

    def test_the_same_fact_under_another_id_is_published_twice(self, plant: Plant, redis: Redis) -> None:
        published(redis, "s-1/1", timing={"publishedAt": "1"})
        published(redis, "s-1/2", timing={"publishedAt": "2"}, trigger="reconcile")

        assert outcome_checks.once(plant, COURSE).held
        assert outcome_checks.news(plant, COURSE).detail == "s-1/2 says what s-1/1 said"

    def test_a_revision_says_what_changed(self, plant: Plant, redis: Redis) -> None:
        published(redis, "s-1/0", outcome="answered")
        published(redis, "s-1/1", outcome="missed")
        published(redis, "s-1/2", outcome="answered", changed=["outcome"])
        right = outcome_checks.news(plant, COURSE)
        published(redis, "s-1/3", outcome="missed", changed=["legs"])

        assert (right.held, right.detail) == (True, "1 further revisions")
        assert outcome_checks.news(plant, COURSE).detail == "s-1/3 calls ['legs'] changed, and it was ['outcome']"

    def test_a_link_may_be_taken_back_without_anything_else(self, plant: Plant, redis: Redis) -> None:
        published(redis, "s-1/1", trigger="ringout")
        published(redis, "s-1/2", trigger="webhook", changed=["trigger"])

        assert outcome_checks.news(plant, COURSE).held

    def test_a_revision_after_a_later_one_is_seen(self, plant: Plant, redis: Redis) -> None:
        published(redis, "s-1/2")
        published(redis, "s-1/1")

        assert outcome_checks.news(plant, COURSE).detail == "s-1/1 was published after s-1/2"

    def test_an_id_that_stands_there_twice_is_seen(self, plant: Plant, redis: Redis) -> None:
        published(redis, "s-1/1")
        published(redis, "s-1/1")

        assert outcome_checks.once(plant, COURSE).detail == "s-1/1 2 times"

    def test_one_that_no_group_has_read_is_seen(self, plant: Plant, redis: Redis) -> None:
        published(redis, "s-1/1")

        assert outcome_checks.heard_by_a_group(plant, COURSE).detail == "s-1/1 was never read"


class TestCrm:
    def test_an_event_that_was_refused_and_not_sent_again_never_arrived(self, plant: Plant, redis: Redis) -> None:
        published(redis, "s-1/1")
        arrived(plant, "s-1/1", status=500)
        refused = crm_checks.delivered(plant, COURSE)
        arrived(plant, "s-1/1")

        assert refused.detail == "s-1/1 never arrived"
        assert crm_checks.delivered(plant, COURSE).held

    def test_an_event_nobody_published_is_seen(self, plant: Plant) -> None:
        arrived(plant, "s-1/1")

        assert crm_checks.delivered(plant, COURSE).detail == "s-1/1 was never published"

    def test_an_event_gives_way_only_to_a_later_one_that_arrived(self, plant: Plant, redis: Redis) -> None:
        plant.destination = "dst_1"
        published(redis, "s-1/1")
        published(redis, "s-1/2")
        keep(redis, an_attempt("dst_1", "s-1/1", verdict="replaced"))
        neither = crm_checks.delivered(plant, COURSE)
        arrived(plant, "s-1/2")

        assert neither.detail == "s-1/1 never arrived; s-1/2 never arrived"
        assert crm_checks.delivered(plant, COURSE).held

    def test_events_that_are_sent_again_though_they_were_taken_are_seen(self, plant: Plant) -> None:
        for number in range(9):
            arrived(plant, f"s-{number}/1", status=500)
            arrived(plant, f"s-{number}/1")
        refused = crm_checks.needless(plant, COURSE)
        arrived(plant, "s-0/1")

        assert (refused.held, refused.detail) == (True, "0 of 9")
        assert (crm_checks.needless(plant, COURSE).held, crm_checks.needless(plant, COURSE).detail) == (False, "1 of 9")

    def test_two_bodies_and_the_wrong_order_are_seen(self, plant: Plant) -> None:
        arrived(plant, "s-1/2", body=b"1")
        arrived(plant, "s-1/1", body=b"2")
        arrived(plant, "s-1/1", body=b"3")

        assert crm_checks.bodies(plant, COURSE).detail == "s-1/1 came with two bodies"
        assert crm_checks.order(plant, COURSE).detail == "s-1 came in the order [2, 1, 1]"

    def test_a_canary_to_which_nobody_was_sent_says_nothing(self, plant: Plant, redis: Redis) -> None:
        plant.trap = "dst_trap"
        nothing_to_send = crm_checks.canary(plant, COURSE)
        published(redis, "s-1/1", outcome=plant.trapped)
        nobody_sent = crm_checks.canary(plant, COURSE)
        keep(redis, an_attempt("dst_trap", "s-1/1", verdict="permanent"))
        refused = crm_checks.canary(plant, COURSE)
        plant.canary.visits = 1

        assert nothing_to_send.held
        assert nobody_sent.detail == "no event was sent there"
        assert refused.detail == "the canary saw nobody, in 1 events that were to go there"
        assert crm_checks.canary(plant, COURSE).detail == "1 connections were made"


class TestStrangers:
    def test_what_they_may_be_answered_depends_on_the_token_alone(self, plant: Plant) -> None:
        plant.answers.update({(strangers.WRONG, 401): 9, (strangers.HOSTILE, 200): 9, (strangers.HOSTILE, 503): 1})
        right = strangers.answered(plant)
        plant.answers.update({(strangers.WRONG, 200): 2, (strangers.HOSTILE, 500): 1})

        assert right.held
        told = "a hostile body was answered 500, 1 times; a wrong token was answered 200, 2 times"
        assert strangers.answered(plant).detail == told

    def test_a_forged_job_that_was_run_has_left_its_trace(self, plant: Plant) -> None:
        untouched = process_checks.forged(plant, COURSE)
        strangers.trace(plant).touch()

        assert untouched.held
        assert process_checks.forged(plant, COURSE).detail == "one was"


class TestProcesses:
    @pytest.mark.parametrize(
        "line",
        [
            'error "+442071838750 is not"',
            "to=16505550101",
            "from Ada Ashton",
            f"Authorization: Bearer {TOKEN_PREFIX}Xy",
            f"token={ADMIN_TOKEN}",
            "secret whsec_AAAA",
        ],
    )
    def test_a_line_that_gives_something_away_is_seen(self, plant: Plant, line: str) -> None:
        plant.log.write_text(f"a line\n{line}\n")

        assert process_checks.logs(plant, COURSE).detail == line

    def test_ids_are_no_numbers(self, plant: Plant) -> None:
        plant.log.write_text(f"session={CALL.telephony_session_id} place=1790000000000-0 account=400131426008\n")

        assert process_checks.logs(plant, COURSE).held

    def test_memory_that_grows_evenly_is_seen(self, plant: Plant) -> None:
        plant.megabytes["resolve"] = [60 + 0.5 * look for look in range(300)]

        assert process_checks.memory(plant, COURSE).detail == "resolve grew from 110 to 210 MB"

    def test_memory_that_is_taken_once_is_no_growth(self, plant: Plant) -> None:
        plant.megabytes["resolve"] = [40.0, 60.0, *[110.0] * 298]
        plant.megabytes["track"] = [60.0] * 200 + [85.0] * 100

        assert process_checks.memory(plant, COURSE).held

    def test_whether_memory_grows_is_not_told_of_a_short_time(self, plant: Plant) -> None:
        plant.megabytes["resolve"] = [60 + 10.0 * look for look in range(20)]

        assert process_checks.memory(plant, COURSE).detail.endswith("too short a time to see growth")

    def test_command_lines_nobody_looked_at_say_nothing(self, plant: Plant) -> None:
        unseen = process_checks.command_lines(plant, COURSE)
        plant.looks = 1

        assert unseen.detail == "nobody looked at them"
        assert process_checks.command_lines(plant, COURSE).held


class TestCalm:
    def test_a_process_that_begins_anew_though_nothing_befalls_it_is_seen(self, plant: Plant) -> None:
        plant.anew["replay"] = [BEGAN + 66, BEGAN + 76]

        found = calm.undisturbed(plant, a_course((0, 40), played=60, settled_after=20))

        assert found.detail == "replay began anew 2 times, first 66 s after the first call"

    def test_one_that_a_fault_may_have_ended_is_not(self, plant: Plant) -> None:
        plant.anew["replay"] = [BEGAN + 20, BEGAN + 30, BEGAN + 54, BEGAN + 56]

        found = calm.undisturbed(plant, a_course((0, 40), played=60, settled_after=20))

        assert (found.held, found.detail) == (True, "none in 25 s without a fault")
