"""The trail of actions, on a real server."""

from redis import Redis

from runtime import actions, keys
from runtime.actions import Action
from tests.fakes.losing import losing


def test_an_action_is_written_down_once_though_the_answer_to_that_is_lost(redis: Redis, redis_url: str) -> None:
    paused = Action(who="Ada", via="dashboard", address="192.0.2.7", what="pause destination", target="dst_1")

    with losing(redis_url, keys.ACTIONS.encode()) as client:
        actions.record(client, paused)
        actions.record(client, paused)

    assert [one.what for one in actions.page(redis).items] == ["pause destination"] * 2
