"""What a subscribed webhook gets, and in which order."""

from functools import partial

import msgspec
import pytest

from scripts.simulator import Configuration, RunningSimulator, deliveries, running_simulator
from scripts.simulator.scenarios import A_ROUND, DEALT
from tests.simulator.conftest import Play
from tests.simulator.schemas import NOTIFICATION
from tests.simulator.waiting import wait_until
from tests.simulator.webhook import Webhook


def test_each_session_is_posted_in_order_once(simulator: RunningSimulator, webhook: Webhook, play: Play) -> None:
    simulator.subscribe(webhook.url, "secret")

    ids = play(A_ROUND)

    for telephony_session_id in ids:
        sequences = [body["sequence"] for body in webhook.of(telephony_session_id)]
        assert sequences == list(range(2, 2 + len(sequences)))
    expected = sum(len(session.steps) for scenario in DEALT for session in scenario.sessions)
    assert len(webhook.received) == expected


def test_a_delivery_carries_the_headers_of_the_platform(
    simulator: RunningSimulator, webhook: Webhook, play: Play
) -> None:
    simulator.subscribe(webhook.url, "secret")

    play(1)

    headers, notification = webhook.received[0]
    assert headers["verification-token"] == "secret"
    assert headers["user-agent"] == "RingCentral-Webhook/8.3"
    assert headers["content-type"] == "application/json; charset=UTF-8"
    assert "validation-token" not in headers
    NOTIFICATION.validate(notification)


def test_two_subscriptions_get_the_same_bodies_under_different_uuids(
    simulator: RunningSimulator, webhook: Webhook, play: Play
) -> None:
    subscriptions = {simulator.subscribe(webhook.url, "a"), simulator.subscribe(webhook.url, "b")}

    play(1)

    notifications = [notification for _, notification in webhook.received]
    assert {one["subscriptionId"] for one in notifications} == subscriptions
    assert len({one["uuid"] for one in notifications}) == len(notifications)
    bodies = {msgspec.json.encode(one["body"]) for one in notifications}
    assert len(bodies) == len(notifications) / 2


def test_a_session_is_heard_when_each_of_its_notifications_was_taken(
    simulator: RunningSimulator, webhook: Webhook, play: Play
) -> None:
    play(1)
    simulator.subscribe(webhook.url)
    play(1)
    simulator.fault("drop_final_webhooks", share=1.0)
    play(1)

    assert [row["heard"] for row in simulator.truth()] == [False, True, False]


def test_of_each_session_the_sequences_are_told_that_were_answered_200(
    simulator: RunningSimulator, webhook: Webhook, play: Play
) -> None:
    simulator.subscribe(webhook.url)
    simulator.fault("drop_webhooks", share=0.5)
    play(2)

    told = {row["telephonySessionId"]: row["acknowledged"] for row in simulator.truth()}
    came: dict[str, list[int]] = {one: [] for one in told}
    for body in webhook.bodies:
        came[body["telephonySessionId"]].append(body["sequence"])
    assert told == came


def test_an_extension_filter_lets_only_that_extension_through(
    simulator: RunningSimulator, webhook: Webhook, play: Play
) -> None:
    agent = "400131426101"
    simulator.subscribe(webhook.url, None, f"/restapi/v1.0/account/~/extension/{agent}/telephony/sessions")

    play(A_ROUND)

    assert webhook.received
    assert {body["parties"][0]["extensionId"] for body in webhook.bodies} == {agent}


def test_a_query_in_the_filter_narrows_it(simulator: RunningSimulator, webhook: Webhook, play: Play) -> None:
    simulator.subscribe(
        webhook.url, None, "/restapi/v1.0/account/~/telephony/sessions?statusCode=Hold&direction=Inbound"
    )

    play(A_ROUND)

    statuses = {(body["parties"][0]["status"]["code"], body["parties"][0]["direction"]) for body in webhook.bodies}
    assert statuses == {("Hold", "Inbound")}


def test_a_failed_delivery_is_never_repeated(simulator: RunningSimulator, webhook: Webhook, play: Play) -> None:
    simulator.subscribe(webhook.url)
    webhook.answer.status = 500

    (telephony_session_id,) = play(1, "outbound_busy")

    assert len(webhook.of(telephony_session_id)) == 5
    assert simulator.status()["webhooks"]["failed"] == 5


def test_a_reply_over_the_limit_counts_as_failed(simulator: RunningSimulator, webhook: Webhook, play: Play) -> None:
    simulator.subscribe(webhook.url)
    webhook.answer.body = b"x" * 1024

    play(1, "outbound_busy")

    webhooks = simulator.status()["webhooks"]
    assert (webhooks["sent"], webhooks["failed"]) == (0, 5)


def test_deliveries_that_wait_for_their_answer_are_counted(
    simulator: RunningSimulator, webhook: Webhook, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.subscribe(webhook.url)
    play(1, "outbound_busy")
    soon = simulator.status()["webhooks"]["late"]
    monkeypatch.setattr(deliveries, "LATE_SECONDS", 0.0)
    play(1, "outbound_busy")

    assert (soon, simulator.status()["webhooks"]["late"]) == (0, 5)


def test_a_webhook_that_keeps_failing_is_blacklisted_when_chosen(webhook: Webhook) -> None:
    with running_simulator(Configuration(blacklist_after=3)) as simulator:
        simulator.subscribe(webhook.url)
        webhook.answer.status = 404
        simulator.play(count=1, scenario="inbound_missed", speed=50)

        wait_until(lambda: simulator.status()["subscriptions"][0]["status"] == "Blacklisted")

        reason = simulator.status()["subscriptions"][0]["blacklistedData"]["reason"]
    assert reason == "Webhook responses with code: [404]"
    assert len(webhook.received) == 3


def test_a_webhook_that_fails_for_so_long_is_blacklisted_when_chosen(webhook: Webhook) -> None:
    with running_simulator(Configuration(blacklist_seconds=0.02)) as simulator:
        simulator.subscribe(webhook.url)
        webhook.answer.status = 503
        simulator.play(count=1, scenario="inbound_missed", speed=20)

        wait_until(lambda: simulator.status()["subscriptions"][0]["status"] == "Blacklisted")

    assert len(webhook.received) > 1


def test_other_peoples_notifications_are_posted_in_the_order_given(
    simulator: RunningSimulator, webhook: Webhook
) -> None:
    simulator.subscribe(webhook.url)

    statuses = simulator.post_notifications([{"uuid": "2", "body": {}}, {"uuid": "1", "body": {}}])

    assert statuses == [200, 200]
    assert [notification["uuid"] for _, notification in webhook.received] == ["2", "1"]


def everything_played(simulator: RunningSimulator) -> bool:
    return all(row["played"] for row in simulator.truth())


def test_the_same_seed_plays_the_same_notifications(webhook: Webhook) -> None:
    played = []
    for _ in range(2):
        webhook.received.clear()
        with running_simulator(Configuration(seed=5)) as simulator:
            simulator.subscribe(webhook.url)
            simulator.play(count=3, rate=50, speed=50)
            wait_until(partial(everything_played, simulator))
        bodies = sorted(webhook.bodies, key=lambda body: (body["telephonySessionId"], body["sequence"]))
        played.append([(body["telephonySessionId"], body["sequence"], body["parties"]) for body in bodies])

    assert played[0] == played[1]
