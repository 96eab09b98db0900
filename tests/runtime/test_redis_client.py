"""Addresses of Redis: what they say reaches the client as it was meant."""

import pytest

from runtime.redis_client import WORK, connect


@pytest.mark.parametrize(
    "url", ["redis://u%3Aser:p%40ss%2F@h.example/2", "redis+sentinel://u%3Aser:p%40ss%2F@h.example/service/2"]
)
def test_a_password_may_hold_any_character(url: str) -> None:
    said = connect(url, WORK).connection_pool.connection_kwargs

    assert (said["username"], said["password"], said["db"]) == ("u:ser", "p@ss/", 2)
