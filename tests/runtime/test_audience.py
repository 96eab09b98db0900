"""Whether anybody listens to the live channels: only when that is certain not to be so is nothing told there."""

from typing import Any

import pytest
from redis import Redis

from runtime import audience, keys
from tests.outputs import listening
from tests.simulator.waiting import wait_until


def has_audience(redis: Redis) -> bool:
    with redis.pipeline(transaction=False) as pipeline:
        audience.ask(pipeline)
        (answer,) = pipeline.execute()
    return bool(answer)


def test_nobody_listens_where_nobody_has_subscribed(redis: Redis) -> None:
    with listening(redis, "something-else"):
        assert not has_audience(redis)


@pytest.mark.parametrize("channel", [keys.LIVE, keys.live("acme"), keys.live("acme", "60200101")])
def test_one_subscriber_of_one_live_channel_is_an_audience(redis: Redis, channel: str) -> None:
    with listening(redis, channel):
        assert has_audience(redis)


def test_a_subscriber_of_any_pattern_may_be_one(redis: Redis) -> None:
    subscriber: Any = redis.pubsub()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
    subscriber.psubscribe("legwork:*")
    assert subscriber.get_message(timeout=5)["type"] == "psubscribe"

    assert has_audience(redis)
    subscriber.close()


def test_behind_a_replica_somebody_may_listen(redis: Redis) -> None:
    replica: Any = redis.connection_pool.make_connection()
    replica.connect()
    replica.send_command("PSYNC", "?", "-1")
    wait_until(lambda: redis.info("replication")["connected_slaves"] == 1, 5)

    assert has_audience(redis)

    replica.disconnect()
    wait_until(lambda: redis.info("replication")["connected_slaves"] == 0, 5)


def test_where_it_may_not_be_asked_there_is_taken_to_be_one(redis: Redis) -> None:
    redis.acl_setuser("writer", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-pubsub"])
    options = redis.connection_pool.connection_kwargs
    with Redis(unix_socket_path=options["path"], username="writer", password="any", protocol=3) as writer:
        assert has_audience(writer)
    redis.acl_deluser("writer")
