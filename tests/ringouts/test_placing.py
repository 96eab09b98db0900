"""A RingOut is placed once, whoever clicks twice and whoever is killed; what RingCentral has against it is told."""

import pytest

from runtime import keys, ringouts
from runtime.ringout_wishes import KeyReused
from runtime.ringouts import Cancel, Placing
from scripts.simulator.fault_table import FaultRequest, switch
from scripts.simulator.problems import PROBLEMS
from tests.ringouts.exchange import ACCOUNT, OUTSIDE, Exchange, MakeExchange
from workers.ringout_steps import PATIENCE_SECONDS

LONG_ENOUGH = 60


def fault(exchange: Exchange, name: str, **fields: object) -> None:
    switch(exchange.box, FaultRequest(fault=name, **fields))  # type: ignore[arg-type]  # fields


def test_a_repeated_click_places_one_call(exchange: Exchange) -> None:
    first = exchange.call(key="click 7")
    exchange.pass_time(3)

    again = exchange.call(key="click 7")
    exchange.pass_time(3)

    assert again == first
    assert exchange.box.ringouts.asked == 1


def test_a_key_is_for_one_request(exchange: Exchange) -> None:
    exchange.call(key="click 7")

    with pytest.raises(KeyReused):
        exchange.call(callee="+13035550112", key="click 7")


def test_without_a_key_each_click_is_a_call_of_its_own(exchange: Exchange) -> None:
    assert exchange.call() != exchange.call()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("commit", [1, 2, 3, 5])
def test_a_kill_at_any_commit_changes_nothing_in_the_end(exchange: Exchange, commit: int, *, after: bool) -> None:
    with exchange.killed_at(commit, after=after):
        ringout_id = exchange.call()
        exchange.pass_time(LONG_ENOUGH)

    assert exchange.deaths == 1
    assert exchange.box.ringouts.asked <= 1
    shown = exchange.shown(ringout_id)
    if exchange.box.ringouts.asked:
        data, truth = exchange.outcome(ringout_id), exchange.truth()
        assert (shown["state"], data.trigger) == ("resolved", "ringout")
        assert (data.outcome, data.caller_status, data.callee_status) == (
            truth.outcome,
            truth.caller_status,
            truth.callee_status,
        )
    else:  # killed between writing down and asking: nobody can know, so nothing is placed
        assert (shown["placing"], shown["telephonySessionIds"]) == (Placing.UNCERTAIN, [])


def test_what_ringcentral_took_before_a_kill_is_found_by_evidence_and_not_placed_again(exchange: Exchange) -> None:
    with exchange.killed_at(2, after=False):  # the first commit says that it is asked, the second what it said
        ringout_id = exchange.call()
        exchange.pass_time(LONG_ENOUGH)

    shown = exchange.shown(ringout_id)
    assert (shown["placing"], shown["ringOutId"], exchange.box.ringouts.asked) == (Placing.UNCERTAIN, None, 1)
    assert [one["rule"] for one in shown["linking"]["sessions"]] == ["ringout-evidence"]
    assert shown["state"] == "resolved"


def test_who_is_killed_twice_leaves_one_that_is_still_told_to_be_over_and_asked_about(exchange: Exchange) -> None:
    channel = exchange.redis.pubsub()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
    channel.subscribe("legwork:live")
    channel.get_message(timeout=5)  # that it is subscribed
    with exchange.killed_at(2, after=False):  # RingCentral has placed it, and nobody knows
        exchange.call()
        exchange.pass_time(9)
    with exchange.killed_at(1, after=True):  # that nobody knows is written down, and nothing was done about it
        exchange.pass_time(9)
    assert exchange.deaths == 2
    minutes = exchange.redis.zcard(keys.rereads(ACCOUNT))

    exchange.pass_time(9)

    assert exchange.live_news(channel)[-1].over == "uncertain"
    assert exchange.redis.zcard(keys.rereads(ACCOUNT)) > minutes
    channel.close()


def test_each_refusal_is_told_with_ringcentrals_code(exchange: Exchange) -> None:
    for name in [name for name in PROBLEMS if name.startswith("ringout_")]:
        exchange.plan(refuse=name)
        ringout_id = exchange.call()
        exchange.pass_time(2.5)

        shown = exchange.shown(ringout_id)
        assert (shown["state"], shown["placing"], shown["outcome"]) == ("ended", Placing.REFUSED, None)
        assert shown["problem"]["codes"][0] == PROBLEMS[name].code
        assert OUTSIDE not in shown["problem"]["detail"]
        assert shown["problem"]["detail"] != "RingCentral refused it."


def test_credentials_that_are_not_accepted_are_told_as_that(exchange: Exchange) -> None:
    fault(exchange, "reject_jwt")
    fault(exchange, "revoke_tokens")

    ringout_id = exchange.call()
    exchange.pass_time(2.5)

    shown = exchange.shown(ringout_id)
    assert shown["placing"] == Placing.REFUSED
    assert "somebody has to mend the settings" in shown["problem"]["detail"]


def test_a_service_that_is_unavailable_is_a_refusal_and_not_asked_again(exchange: Exchange) -> None:
    exchange.plan(refuse="unavailable")

    ringout_id = exchange.call()
    exchange.pass_time(60)

    assert exchange.shown(ringout_id)["problem"]["codes"] == ["CMN-201"]
    assert exchange.box.ringouts.asked == 1


@pytest.mark.parametrize("kind", ["truncate", "reset", "answer_html"])
def test_an_answer_that_is_lost_leaves_it_uncertain_and_not_asked_again(exchange: Exchange, kind: str) -> None:
    exchange.pass_time(2)  # the first look at the call log
    fault(exchange, kind, group="heavy")

    ringout_id = exchange.call()
    exchange.pass_time(4)

    assert exchange.ringout(ringout_id).placing is Placing.UNCERTAIN
    posted = [one for one in exchange.box.requests.all() if one.method == "POST" and "ring-out" in one.path]
    assert len(posted) == 1


def test_one_that_may_not_be_asked_for_yet_is_placed_when_it_may(an_exchange: MakeExchange) -> None:
    exchange = an_exchange()
    fault(exchange, "rate_limit", group="heavy", seconds=8.0)

    ringout_id = exchange.call()
    exchange.pass_time(5)
    assert exchange.ringout(ringout_id).placing is Placing.ASKED
    exchange.pass_time(10)

    assert exchange.ringout(ringout_id).placing is Placing.PLACED


def test_one_that_may_not_be_asked_for_again_and_again_is_placed_when_it_may(exchange: Exchange) -> None:
    ringout_id = exchange.call()

    for _ in range(3):
        fault(exchange, "rate_limit", group="heavy", seconds=4.0)
        exchange.pass_time(3)
        assert exchange.ringout(ringout_id).placing is Placing.ASKED
    exchange.pass_time(8)

    assert exchange.ringout(ringout_id).placing is Placing.PLACED
    assert exchange.box.ringouts.asked == 1


def test_one_that_could_not_be_placed_in_time_is_not_placed_later(exchange: Exchange) -> None:
    fault(exchange, "rate_limit", group="heavy", seconds=60.0)

    ringout_id = exchange.call()
    exchange.pass_time(120)

    assert exchange.ringout(ringout_id).placing is Placing.EXPIRED
    assert exchange.shown(ringout_id)["problem"]["detail"].startswith("It could not be placed in time")
    assert exchange.box.ringouts.asked == 0


def test_one_that_could_not_be_placed_in_time_is_told_so_by_then_however_long_ringcentral_is_left_alone(
    exchange: Exchange,
) -> None:
    fault(exchange, "rate_limit", group="heavy", seconds=60.0)

    ringout_id = exchange.call()
    exchange.pass_time(PATIENCE_SECONDS + 2)

    assert exchange.ringout(ringout_id).placing is Placing.EXPIRED


def test_one_that_waited_to_be_placed_when_the_clock_was_put_back_is_not_placed_when_it_is_as_late_again(
    exchange: Exchange,
) -> None:
    fault(exchange, "rate_limit", group="heavy", seconds=5.0)
    ringout_id = exchange.call()
    exchange.pass_time(1)

    exchange.put_back(3600)
    exchange.pass_time(3700)

    assert exchange.ringout(ringout_id).placing is Placing.EXPIRED
    assert exchange.box.ringouts.asked == 0


def test_one_that_is_not_connected_is_cancelled(exchange: Exchange) -> None:
    ringout_id = exchange.call()
    exchange.pass_time(3)

    exchange.cancel(ringout_id)
    exchange.pass_time(LONG_ENOUGH)

    shown = exchange.shown(ringout_id)
    assert (shown["cancel"], shown["liveOver"]) == (Cancel.CANCELLED, "cancelled")
    assert exchange.outcome(ringout_id).outcome == "cancelled"


def test_one_whose_cancelling_nobody_knows_the_answer_to_is_cancelled(exchange: Exchange) -> None:
    exchange.plan(length=120.0)
    ringout_id = exchange.call()
    exchange.pass_time(3)

    with exchange.killed_at(2, after=False):  # RingCentral was asked to, and what it said is not written down
        exchange.cancel(ringout_id)
        exchange.pass_time(LONG_ENOUGH)

    shown = exchange.shown(ringout_id)
    assert (shown["cancel"], shown["liveOver"]) == (Cancel.CANCELLED, "cancelled")
    assert len([one for one in exchange.box.requests.all() if one.method == "DELETE"]) == 2
    assert exchange.outcome(ringout_id).outcome == "cancelled"


def test_one_that_is_connected_goes_on(exchange: Exchange) -> None:
    ringout_id = exchange.call()
    exchange.pass_time(13)

    exchange.cancel(ringout_id)
    exchange.pass_time(LONG_ENOUGH)

    assert exchange.shown(ringout_id)["cancel"] is Cancel.CONNECTED
    assert exchange.outcome(ringout_id).outcome == "answered"


@pytest.mark.parametrize("gone", ["at_once", "during"])
def test_one_whose_status_is_gone_is_cancelled_while_it_rings(exchange: Exchange, gone: str) -> None:
    exchange.plan(gone=gone, length=120.0, scenario="ringout_callee_no_answer")
    ringout_id = exchange.call()
    exchange.pass_time(70)
    assert exchange.shown(ringout_id)["liveOver"] == "gone"

    exchange.cancel(ringout_id)
    exchange.pass_time(LONG_ENOUGH)

    shown = exchange.shown(ringout_id)
    assert (shown["cancel"], shown["liveOver"]) == (Cancel.CANCELLED, "cancelled")
    assert exchange.outcome(ringout_id).outcome == "cancelled"


def test_one_that_is_cancelled_twice_in_vain_with_a_404_that_says_nothing_else_is_over(exchange: Exchange) -> None:
    exchange.plan(length=120.0)
    ringout_id = exchange.call()
    exchange.pass_time(3)
    switch(exchange.box, FaultRequest(fault="answer_status", group="heavy", status=404, count=1000))

    exchange.cancel(ringout_id)
    exchange.pass_time(60)

    shown = exchange.shown(ringout_id)
    assert (shown["cancel"], shown["liveOver"]) == (Cancel.TOO_LATE, "gone")


def test_one_whose_status_is_not_shown_is_cancelled_though_such_a_404_comes_first(exchange: Exchange) -> None:
    exchange.plan(length=120.0)
    ringout_id = exchange.call()
    fault(exchange, "answer_status", group="light", status=409)
    exchange.pass_time(5)
    assert exchange.shown(ringout_id)["liveOver"] == "not-shown"

    fault(exchange, "answer_status", group="heavy", status=404)
    exchange.cancel(ringout_id)
    exchange.pass_time(60)

    shown = exchange.shown(ringout_id)
    assert (shown["cancel"], shown["liveOver"]) == (Cancel.CANCELLED, "cancelled")


@pytest.mark.parametrize("status", [409, 501])
def test_a_refusal_to_cancel_is_told_as_one_and_can_be_tried_again(exchange: Exchange, status: int) -> None:
    exchange.plan(length=120.0)
    ringout_id = exchange.call()
    exchange.pass_time(3)

    fault(exchange, "answer_status", group="heavy", status=status)
    exchange.cancel(ringout_id)
    exchange.pass_time(2)
    assert exchange.ringout(ringout_id).cancel is Cancel.REFUSED
    assert exchange.shown(ringout_id)["state"] == "calling"

    exchange.pass_time(2)
    exchange.cancel(ringout_id)
    exchange.pass_time(2)
    assert exchange.ringout(ringout_id).cancel is Cancel.CANCELLED


def test_a_refusal_to_cancel_is_no_cancelling_that_may_have_been_heard(exchange: Exchange) -> None:
    exchange.plan(gone="at_once", length=20.0)
    ringout_id = exchange.call()
    exchange.pass_time(5)
    fault(exchange, "answer_status", group="heavy", status=409)
    exchange.cancel(ringout_id)
    exchange.pass_time(2)
    assert exchange.ringout(ringout_id).cancel is Cancel.REFUSED

    exchange.pass_time(LONG_ENOUGH)
    exchange.cancel(ringout_id)
    exchange.pass_time(2)

    assert exchange.ringout(ringout_id).cancel is Cancel.TOO_LATE


@pytest.mark.parametrize("says", ["call-ended", "terminal"])
def test_one_that_is_over_is_not_cancelled_any_more(exchange: Exchange, says: str) -> None:
    exchange.plan(length=10.0, gone="never", **({"says": ("InProgress",) * 3} if says == "call-ended" else {}))
    ringout_id = exchange.call()
    exchange.pass_time(LONG_ENOUGH)
    assert exchange.shown(ringout_id)["liveOver"] == says

    exchange.cancel(ringout_id)
    exchange.pass_time(2)

    assert exchange.ringout(ringout_id).cancel is Cancel.TOO_LATE
    assert not [one for one in exchange.box.requests.all() if one.method == "DELETE"]


def test_one_that_is_cancelled_before_it_is_placed_never_is(exchange: Exchange) -> None:
    ringout_id = exchange.call()

    exchange.cancel(ringout_id)
    exchange.pass_time(10)

    assert exchange.ringout(ringout_id).placing is Placing.WITHDRAWN
    assert exchange.box.ringouts.asked == 0


def test_one_that_is_cancelled_before_it_is_placed_is_so_though_the_runner_is_killed(exchange: Exchange) -> None:
    with exchange.killed_at(2, after=False):
        ringout_id = exchange.call()
        exchange.cancel(ringout_id)
        exchange.pass_time(9)
    assert exchange.deaths == 1

    exchange.pass_time(LONG_ENOUGH)

    ringout = exchange.ringout(ringout_id)
    assert (ringout.placing, ringout.cancel) == (Placing.WITHDRAWN, Cancel.CANCELLED)
    assert exchange.box.ringouts.asked == 0


def test_it_is_gone_when_its_retention_is_over(exchange: Exchange) -> None:
    ringout_id = exchange.call()
    exchange.redis.delete(f"legwork:{{{ACCOUNT}}}:ringout:{ringout_id}")

    exchange.pass_time(5)

    assert exchange.redis.zcard(f"legwork:{{{ACCOUNT}}}:ringouts-due") == 0
    assert ringouts.get(exchange.redis, [ACCOUNT], ringout_id) is None
