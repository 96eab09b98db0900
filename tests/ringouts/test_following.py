"""A RingOut is followed from the click to the record: whatever the live status says, the call log decides."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from redis.client import PubSub

from runtime import keys
from scripts.simulator import records
from scripts.simulator.fault_table import FaultRequest, switch
from telephony.ringout_link import FITS_SEVERAL
from tests import board
from tests.ringouts.exchange import ACCOUNT, ADA, OUTSIDE, Exchange
from workers.ringcentral.tokens import fingerprint_of

LONG_ENOUGH = 60
OUTCOMES = [
    "ringout_answered",
    "ringout_caller_busy",
    "ringout_callee_busy",
    "ringout_callee_no_answer",
    "ringout_rejected",
    "ringout_invalid_number",
    "ringout_no_credit",
    "ringout_status_disagrees",
]


def assert_is_right(exchange: Exchange, ringout_id: str, place: int = 0) -> None:
    """Check a RingOut, which is the so-many-th session that was played, and its second session, if it has one."""
    shown, truth = exchange.shown(ringout_id), exchange.truth(place)
    data = exchange.outcome(ringout_id)
    takes = exchange.takes()[place:]
    expected = [take.ids.telephony_session_id for take in takes if take.call is takes[0].call]
    assert shown["state"] == "resolved"
    assert shown["telephonySessionIds"] == expected
    assert (data.outcome, data.trigger, data.confirmed) == (truth.outcome, "ringout", True)
    assert (data.caller_status, data.callee_status) == (truth.caller_status, truth.callee_status)
    assert (data.caller_outcome, data.callee_outcome) == (truth.caller_outcome, truth.callee_outcome)


def called(exchange: Exchange, plans: Sequence[Mapping[str, Any]]) -> list[str]:
    """Place a RingOut for each plan, each to somebody else, and see them begin."""
    placed = []
    for number, plan in enumerate(plans):
        exchange.plan(**{"length": 10.0, **plan})
        placed.append(exchange.call(callee=f"+1212555{110 + number:04}"))
        exchange.pass_time(3)
    return placed


def test_each_ends_as_the_call_log_says(exchange: Exchange) -> None:
    placed = called(exchange, [{"scenario": scenario} for scenario in OUTCOMES])
    assert {exchange.shown(one)["state"] for one in placed} >= {"calling"}

    exchange.pass_time(LONG_ENOUGH)

    for place, ringout_id in enumerate(placed):
        assert_is_right(exchange, ringout_id, place)


def test_the_live_status_may_be_gone_at_any_moment_or_never(exchange: Exchange) -> None:
    gone: list[Any] = ["at_once", "during", 0.0, 30.0, "never"]

    placed = called(exchange, [{"gone": moment} for moment in gone])
    exchange.pass_time(LONG_ENOUGH)

    for place, ringout_id in enumerate(placed):
        assert_is_right(exchange, ringout_id, place)
    assert [exchange.shown(one)["liveOver"] for one in placed[:2]] == ["gone", "gone"]


def test_a_404_is_the_end_of_the_live_status_though_it_says_nothing_else(exchange: Exchange) -> None:
    exchange.plan(length=120.0)
    ringout_id = exchange.call()
    exchange.pass_time(3)
    assert exchange.shown(ringout_id)["liveOver"] is None

    switch(exchange.box, FaultRequest(fault="answer_status", group="light", status=404))
    exchange.pass_time(10)

    assert exchange.shown(ringout_id)["liveOver"] == "gone"
    exchange.pass_time(150)
    assert_is_right(exchange, ringout_id)


def test_a_501_ends_it_likewise_for_it_is_not_offered(exchange: Exchange) -> None:
    exchange.plan(length=120.0)
    ringout_id = exchange.call()
    exchange.pass_time(3)

    switch(exchange.box, FaultRequest(fault="answer_status", group="light", status=501))
    exchange.pass_time(10)

    assert exchange.shown(ringout_id)["liveOver"] == "not-shown"
    exchange.pass_time(150)
    assert_is_right(exchange, ringout_id)


def test_a_404_to_the_request_for_an_access_token_is_no_end_of_the_live_status(exchange: Exchange) -> None:
    exchange.plan(length=120.0)
    ringout_id = exchange.call()
    exchange.pass_time(3)

    exchange.redis.delete(keys.access_token(ACCOUNT, fingerprint_of(exchange.settings.accounts[0])))
    switch(exchange.box, FaultRequest(fault="answer_status", group="auth", status=404))
    exchange.pass_time(10)

    assert exchange.shown(ringout_id)["liveOver"] is None


def test_one_that_is_followed_is_looked_at_though_the_clock_was_put_back(exchange: Exchange) -> None:
    exchange.plan(length=120.0)
    ringout_id = exchange.call()
    exchange.pass_time(5)
    exchange.put_back(3600)

    fault = FaultRequest(fault="answer_status", group="light", status=404)
    switch(exchange.box, fault)
    exchange.pass_time(5)
    assert exchange.shown(ringout_id)["liveOver"] == "gone"

    exchange.put_back(3600)
    exchange.pass_time(600)
    over_at = exchange.ringout(ringout_id).over_at
    assert over_at is not None
    assert over_at <= exchange.clock()


def test_gone_is_neither_success_nor_failure(exchange: Exchange) -> None:
    exchange.plan(gone="at_once", length=120.0)

    ringout_id = exchange.call()
    exchange.pass_time(30)

    shown = exchange.shown(ringout_id)
    assert (shown["state"], shown["liveOver"], shown["outcome"]) == ("ended", "gone", None)
    assert shown["live"] == {"callStatus": "InProgress", "callerStatus": "InProgress", "calleeStatus": "InProgress"}
    exchange.pass_time(120)
    assert_is_right(exchange, ringout_id)


def test_its_session_is_found_whatever_the_ids_and_the_notifications_are(exchange: Exchange) -> None:
    ways: list[tuple[str, float | None]] = [
        *(("session", -1.0), ("base64", None), ("base64", 2.0)),
        *(("other", None), ("other", 2.0), ("integer", -1.0)),
    ]

    placed = called(exchange, [{"ids": ids, "withheld": withheld} for ids, withheld in ways])
    exchange.pass_time(LONG_ENOUGH + 60)

    for place, ringout_id in enumerate(placed):
        assert_is_right(exchange, ringout_id, place)
        rule = "ringout-id" if ways[place][0] in {"session", "base64"} else "ringout-evidence"
        assert [one["rule"] for one in exchange.shown(ringout_id)["linking"]["sessions"]] == [rule]
        why = [one for one in exchange.outcome(ringout_id).explanation if one.field == "trigger"]
        assert [(one.rule, one.leg) for one in why] == [(rule, None)]


@pytest.mark.parametrize(("ids", "withheld"), [("session", None), ("other", -1.0)])
def test_two_sessions_are_one_ringout(exchange: Exchange, ids: str, withheld: float | None) -> None:
    exchange.plan(scenario="ringout_two_sessions", ids=ids, withheld=withheld)

    ringout_id = exchange.call()
    exchange.pass_time(LONG_ENOUGH + 60)

    assert_is_right(exchange, ringout_id)
    newest = [exchange.published(take)[-1].data for take in exchange.takes()]
    names = [take.ids.telephony_session_id for take in exchange.takes()]
    assert [data.linked_sessions for data in newest] == [(names[1],), (names[0],)]
    assert len({data.conversation.id for data in newest}) == 1
    assert [data.conversation.role for data in newest] == ["original", "ringout_second"]
    why = [(one.value, one.rule) for data in newest for one in data.explanation if one.field == "linkedSessions"]
    assert {((names[1],), "ringout-second-session"), ((names[0],), "ringout-second-session")} <= set(why)
    assert [data.trigger for data in newest] == ["ringout", "ringout"]


def test_a_second_session_is_known_by_its_evidence_where_its_record_names_no_extension(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = records._end
    monkeypatch.setattr(records, "_end", lambda end: {"phoneNumber": written(end).get("phoneNumber", "")})
    exchange.plan(scenario="ringout_two_sessions")

    ringout_id = exchange.call()
    exchange.pass_time(LONG_ENOUGH + 60)

    assert_is_right(exchange, ringout_id)
    second = exchange.published(exchange.takes()[1])[-1].data
    assert (second.to.extension_id, second.conversation.role) == (None, "ringout_second")
    assert (second.outcome, second.callee_outcome) == ("answered", "not_attempted")


def test_where_live_status_and_call_log_disagree_the_explanation_says_both(exchange: Exchange) -> None:
    exchange.plan(scenario="ringout_status_disagrees")

    ringout_id = exchange.call()
    exchange.pass_time(LONG_ENOUGH)

    data = exchange.outcome(ringout_id)
    assert (data.caller_status, data.callee_status) == ("IP Phone Offline", None)
    live = {(one.field, one.value) for one in data.explanation if one.rule == "ringout-live-overruled"}
    assert live == {("calleeStatus", "Success")}


def test_words_that_say_nothing_stop_nothing(exchange: Exchange) -> None:
    exchange.plan(says=("Unheard", "Of", "Unknown"))

    ringout_id = exchange.call()
    exchange.pass_time(LONG_ENOUGH)

    assert_is_right(exchange, ringout_id)
    assert exchange.ringout(ringout_id).live is not None


def test_one_placed_by_another_program_is_followed(exchange: Exchange) -> None:
    ring_out_id = exchange.placed_elsewhere()
    exchange.pass_time(8)

    ringout_id = exchange.follow(ring_out_id)
    exchange.pass_time(LONG_ENOUGH)

    assert_is_right(exchange, ringout_id)
    assert exchange.follow(ring_out_id) == ringout_id


def test_one_that_ended_before_it_was_handed_over_is_resolved_too(exchange: Exchange) -> None:
    ring_out_id = exchange.placed_elsewhere()
    exchange.pass_time(600)

    ringout_id = exchange.follow(ring_out_id)
    exchange.pass_time(10)

    assert exchange.shown(ringout_id)["state"] == "resolved"


def test_sessions_that_turn_out_to_be_one_ringout_after_their_outcome_have_a_revision_that_says_so(
    exchange: Exchange,
) -> None:
    exchange.plan(scenario="ringout_two_sessions")
    ring_out_id = exchange.placed_elsewhere()
    exchange.pass_time(120)
    names = [take.ids.telephony_session_id for take in exchange.takes()]
    alone = [exchange.published(take)[-1].data for take in exchange.takes()]
    assert [(data.revision, data.conversation.id, data.conversation.role) for data in alone] == [
        (1, one, "only") for one in names
    ]

    exchange.follow(ring_out_id)
    exchange.pass_time(60)

    joined = [exchange.published(take)[-1].data for take in exchange.takes()]
    assert [(data.conversation.id, data.conversation.role) for data in joined] == [
        (names[0], "original"),
        (names[0], "ringout_second"),
    ]
    assert [data.linked_sessions for data in joined] == [(names[1],), (names[0],)]
    changed = [
        {name for event in exchange.published(take)[2:] for name in event.data.changed} for take in exchange.takes()
    ]
    assert changed == [{"linkedSessions", "conversation"}] * 2
    assert [data.trigger for data in (*alone, *joined)] == ["webhook", "webhook", "ringout", "ringout"]


def test_following_one_that_we_placed_gives_that_one(exchange: Exchange) -> None:
    ringout_id = exchange.call()
    exchange.pass_time(2)

    assert exchange.follow(exchange.ringout(ringout_id).ring_out_id or "") == ringout_id


def test_two_of_the_same_numbers_at_the_same_time_are_not_linked_on_a_guess(exchange: Exchange) -> None:
    exchange.plan(ids="other")

    mine = exchange.call()
    exchange.placed_elsewhere()
    exchange.pass_time(LONG_ENOUGH)

    shown = exchange.shown(mine)
    assert shown["telephonySessionIds"] == []
    assert shown["linking"]["because"] == "more than one session fits: none is linked"
    assert all(exchange.published(take)[-1].data.linked_sessions == () for take in exchange.takes())
    assert {exchange.published(take)[-1].data.trigger for take in exchange.takes()} == {"webhook"}


@pytest.mark.parametrize("later", [5, 3000])
def test_what_was_linked_by_evidence_is_taken_back_when_something_else_fits_as_well(
    exchange: Exchange, later: int
) -> None:
    exchange.plan(ids="other", scenario="ringout_two_sessions")
    mine = exchange.call()
    exchange.pass_time(3)
    exchange.plan(ids="other", withheld=LONG_ENOUGH + later)
    exchange.box.faults.extra_lag = LONG_ENOUGH + later
    exchange.placed_elsewhere()
    exchange.pass_time(LONG_ENOUGH)
    first, second, _ = exchange.takes()
    assert exchange.shown(mine)["telephonySessionIds"] == [one.ids.telephony_session_id for one in (first, second)]

    exchange.pass_time(later + 2 * LONG_ENOUGH)

    shown = exchange.shown(mine)
    assert (shown["telephonySessionIds"], shown["outcome"]) == ([], None)
    assert shown["linking"]["because"] == FITS_SEVERAL
    assert {one["because"] for one in shown["linking"]["doubted"]} == {FITS_SEVERAL}
    for take in (first, second):
        told = [event.data for event in exchange.published(take)]
        assert (told[-1].trigger, told[-1].linked_sessions, told[-1].conversation.role) == ("webhook", (), "only")
        assert {name for data in told[2:] for name in data.changed} == {"trigger", "linkedSessions", "conversation"}
        assert [one.because for one in told[-1].explanation if one.field == "trigger"] == [FITS_SEVERAL]
    revisions = [len(exchange.published(take)) for take in exchange.takes()]
    exchange.pass_time(900)
    assert [len(exchange.published(take)) for take in exchange.takes()] == revisions


def test_one_whose_record_never_came_is_told_as_the_ringouts_till_something_else_fits_as_well(
    exchange: Exchange,
) -> None:
    exchange.plan(ids="other")
    exchange.box.faults.extra_lag = 100_000
    exchange.call()
    exchange.pass_time(3)
    exchange.plan(ids="other", withheld=1800)
    exchange.placed_elsewhere()

    exchange.pass_time(1200)

    take, _ = exchange.takes()
    first, given_up = (event.data for event in exchange.published(take))
    assert (first.trigger, given_up.outcome, given_up.trigger) == ("webhook", "unresolved", "ringout")
    assert [one.rule for one in given_up.explanation if one.field == "trigger"] == ["ringout-evidence"]

    exchange.pass_time(3600)

    *_, taken_back = (event.data for event in exchange.published(take))
    assert (taken_back.outcome, taken_back.trigger, taken_back.changed) == ("unresolved", "webhook", ("trigger",))
    revisions = len(exchange.published(take))
    exchange.pass_time(5 * 3600)
    assert len(exchange.published(take)) == revisions


def test_each_of_two_of_the_same_numbers_has_its_own_session_by_its_id(exchange: Exchange) -> None:
    first, second = exchange.call(), exchange.call()
    exchange.pass_time(LONG_ENOUGH)

    found = [exchange.shown(one)["telephonySessionIds"] for one in (first, second)]
    assert sorted(map(tuple, found)) == sorted((take.ids.telephony_session_id,) for take in exchange.takes())


@pytest.mark.parametrize("later", [-200.0, 200.0])
def test_however_many_ringouts_there_are_around_it_its_own_session_is_found(exchange: Exchange, later: float) -> None:
    exchange.plan(ids="other")
    others = {f"s-{number}": exchange.clock() + later for number in range(1000)}
    exchange.redis.zadd(keys.ringout_sessions(ACCOUNT), others)

    ringout_id = exchange.call()
    exchange.pass_time(LONG_ENOUGH)

    (take,) = exchange.takes()
    assert exchange.shown(ringout_id)["telephonySessionIds"] == [take.ids.telephony_session_id]
    assert exchange.outcome(ringout_id).trigger == "ringout"


def test_an_ordinary_call_between_the_same_two_is_not_the_ringouts(exchange: Exchange) -> None:
    exchange.plan(ids="other")
    exchange.box.player.place(exchange.an_outbound_call(ADA, OUTSIDE), speed=1.0)

    ringout_id = exchange.call()
    exchange.pass_time(LONG_ENOUGH)

    (linked,) = exchange.shown(ringout_id)["telephonySessionIds"]
    ordinary, ours = exchange.takes()
    assert linked == ours.ids.telephony_session_id
    assert exchange.published(ordinary)[-1].data.trigger == "webhook"


def test_the_history_stays_readable_when_ringcentral_has_forgotten_it(exchange: Exchange) -> None:
    ringout_id = exchange.call()
    exchange.pass_time(900)

    history = exchange.shown(ringout_id)["history"]
    assert [seen["callerStatus"] for seen in history] == ["InProgress", "Success", "Success", "Finished"]


def test_whoever_watches_is_told_each_live_status_once(exchange: Exchange) -> None:
    channel: PubSub = exchange.redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    channel.subscribe("legwork:live")
    channel.get_message(timeout=5)  # that it is subscribed

    ringout_id = exchange.call()
    exchange.pass_time(LONG_ENOUGH)

    told = exchange.live_news(channel)
    assert [(one.call_status, one.caller_status, one.callee_status) for one in told] == [
        ("InProgress", "InProgress", "InProgress"),
        ("InProgress", "Success", "InProgress"),
        ("Success", "Success", "Success"),
        ("Success", "Finished", "Finished"),
    ]
    assert {one.id for one in told} == {ringout_id}
    assert [one.over for one in told] == [None, None, None, "terminal"]


def test_the_dashboard_to_copy_shows_the_parties_of_a_ringouts_call_until_it_is_over(exchange: Exchange) -> None:
    channel: PubSub = exchange.redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    channel.subscribe("legwork:live")
    channel.get_message(timeout=5)  # that it is subscribed

    exchange.call()
    exchange.pass_time(LONG_ENOUGH)

    shown = board.shown(iter(lambda: channel.get_message(timeout=0.05), None))
    assert [["Answered", "Answered"]] in shown
    assert [[]] not in shown
    assert shown[-1] == []


def test_following_keeps_to_half_of_the_light_requests(exchange: Exchange) -> None:
    exchange.plan(length=600.0, gone="never")
    for _ in range(10):
        exchange.call()

    exchange.pass_time(60)

    looks = [one for one in exchange.box.requests.all() if one.group == "light"]
    assert len(looks) <= 35
