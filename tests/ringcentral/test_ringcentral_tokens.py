"""The access token that all workers share."""

import time
from threading import Thread
from threading import enumerate as all_threads
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from redis import Redis

from runtime import keys
from runtime.budget import Budget, Group
from runtime.deliveries.sealing import CannotOpen, unseal
from runtime.leases import LEASE_SECONDS
from runtime.settings import Credentials
from tests.asking.processes import all_at_once
from tests.fakes.losing import losing
from tests.ringcentral.conftest import PLENTY, QUICK, MakeAccount, MakeClient
from tests.ringcentral.server import TOKEN_PATH, Reply, Server, a_token, fails, says
from workers.ringcentral import tokens
from workers.ringcentral.client import RingCentral
from workers.ringcentral.errors import BrokenConfiguration, NotSent, RateLimited, Unavailable
from workers.ringcentral.tokens import STAGE
from workers.ringcentral.transport import Bounds
from workers.stopping import Stopping

PATH = "/restapi/v1.0/it"
REFUSED = says({"error": "invalid_grant"}, status=400)


def get(client: RingCentral) -> Any:
    return client.get(PATH, decode=msgspec.json.decode, group=Group.LIGHT)


@pytest.fixture(autouse=True)
def answers(server: Server) -> None:
    server.on(PATH, says(1))


def test_the_grant_is_asked_for_as_documented(server: Server, client: RingCentral) -> None:
    get(client)

    seen = server.asked(TOKEN_PATH)[0]
    assert seen.method == "POST"
    assert seen.headers["authorization"] == "Basic Y2xpZW50OnNlY3JldA=="
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(seen.body.decode()) == {
        "grant_type": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "assertion": ["jwt"],
    }


def test_a_hundred_that_need_a_token_cause_one_grant(server: Server, a_client: MakeClient) -> None:
    clients = [a_client() for _ in range(100)]

    results = all_at_once([client._tokens.current for client in clients])

    assert results == ["token-1"] * 100
    assert len(server.asked(TOKEN_PATH)) == 1


def test_a_hundred_whose_token_was_revoked_cause_one_grant(server: Server, client: RingCentral) -> None:
    server.on(TOKEN_PATH, a_token("old"), a_token("new"), a_token("newer"))
    get(client)

    results = all_at_once([lambda: client._tokens.current(instead_of="old")] * 100)

    assert results == ["new"] * 100


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(REFUSED, BrokenConfiguration), (fails(503, "CMN-201"), Unavailable), (fails(429, "CMN-301"), RateLimited)],
)
def test_a_grant_that_fails_is_not_repeated_by_those_who_waited(
    server: Server, client: RingCentral, reply: Any, kind: type
) -> None:
    server.on(TOKEN_PATH, reply)

    results = all_at_once([client._tokens.current] * 20)

    assert all(isinstance(result, kind) for result in results)
    assert len(server.asked(TOKEN_PATH)) == 1


def test_the_token_is_shared_by_processes_and_kept_for_less_than_its_life(
    server: Server, a_client: MakeClient, redis: Redis, token_key: str
) -> None:
    get(a_client())
    get(a_client())

    assert len(server.asked(TOKEN_PATH)) == 1
    assert 3560 < redis.ttl(token_key) <= 3570


def test_who_reads_redis_reads_no_token(client: RingCentral, redis: Redis, token_key: str) -> None:
    get(client)

    kept = redis.get(token_key)
    assert isinstance(kept, bytes)
    assert b"token-1" not in kept
    with pytest.raises(CannotOpen):
        unseal(kept, ("client", "secret", "jwt"))


def test_while_a_secret_is_replaced_the_older_and_the_newer_have_a_token_each(
    server: Server, a_client: MakeClient, an_account: MakeAccount
) -> None:
    server.on(TOKEN_PATH, a_token("of the older"), a_token("of the newer"))
    newer = msgspec.structs.replace(an_account(), credentials=Credentials("client", "another secret", "jwt"))
    clients = a_client(limits={}), a_client(newer, limits={})

    for client in clients * 3:
        assert get(client) == 1

    assert len(server.asked(TOKEN_PATH)) == 2
    used = [seen.headers["authorization"].removeprefix("Bearer ") for seen in server.asked(PATH)]
    assert used == ["of the older", "of the newer"] * 3


def test_a_token_is_renewed_before_it_expires(
    server: Server, client: RingCentral, redis: Redis, token_key: str
) -> None:
    server.on(TOKEN_PATH, a_token("old"), a_token("new"))
    get(client)
    redis.pexpire(token_key, 300_000)

    get(client)

    assert [seen.headers["authorization"] for seen in server.asked(PATH)] == ["Bearer old", "Bearer new"]


def test_while_one_renews_early_the_others_go_on_with_the_old_token(
    server: Server, client: RingCentral, redis: Redis, token_key: str
) -> None:
    get(client)
    redis.pexpire(token_key, 300_000)
    redis.hset(keys.lease("acme", STAGE), "token", "somebody else")

    assert get(client) == 1
    assert len(server.asked(TOKEN_PATH)) == 1


@pytest.mark.parametrize("reply", [REFUSED, fails(503, "CMN-201")])
def test_a_failed_early_renewal_does_not_harm_the_old_token(
    server: Server, client: RingCentral, redis: Redis, reply: Any, token_key: str
) -> None:
    server.on(TOKEN_PATH, a_token("old"), reply)
    get(client)
    redis.pexpire(token_key, 300_000)

    assert client._tokens.current() == "old"


def test_a_short_lived_token_is_used_for_half_of_its_life(
    server: Server, client: RingCentral, redis: Redis, token_key: str
) -> None:
    server.on(TOKEN_PATH, a_token(expires_in=10))

    get(client)

    assert 4000 < redis.pttl(token_key) <= 5000


def test_a_life_may_be_written_as_text(server: Server, client: RingCentral, redis: Redis, token_key: str) -> None:
    server.on(TOKEN_PATH, says({"access_token": "token-1", "expires_in": "3600"}))

    assert get(client) == 1
    assert 3560 < redis.ttl(token_key) <= 3570


@pytest.mark.parametrize(
    "reply",
    [
        says({"access_token": "token"}),
        says({"access_token": "token", "expires_in": "NaN"}),
        says({"access_token": "token", "expires_in": "inf"}),
        says({"access_token": "to\r\nken", "expires_in": 3600}),
        says({"access_token": "token", "expires_in": 0}),
        says("<html>"),
    ],
)
def test_an_unusable_grant_is_unavailable(server: Server, client: RingCentral, reply: Any) -> None:
    server.on(TOKEN_PATH, reply)

    with pytest.raises(Unavailable):
        get(client)
    assert server.asked(PATH) == []


def test_grants_have_a_budget_too(server: Server, a_client: MakeClient, redis: Redis, token_key: str) -> None:
    client = a_client(limits={})
    for _ in range(2):
        redis.delete(token_key)
        get(client)
    redis.delete(token_key)

    with pytest.raises(RateLimited):
        get(client)
    assert len(server.asked(TOKEN_PATH)) == 2


def test_what_another_version_has_kept_is_passed_over(client: RingCentral, redis: Redis, token_key: str) -> None:
    redis.set(token_key, b"\x80something else")

    assert get(client) == 1


def test_one_whose_fetcher_was_killed_does_not_wait_for_ever(client: RingCentral, redis: Redis) -> None:
    redis.hset(keys.lease("acme", STAGE), "token", "killed")
    redis.pexpire(keys.lease("acme", STAGE), 100)
    began = time.monotonic()

    assert get(client) == 1
    assert time.monotonic() - began < 5


def test_who_asks_is_heard_though_the_answer_to_that_was_lost(
    server: Server, an_account: MakeAccount, redis: Redis, redis_url: str
) -> None:
    account, began = an_account(), time.monotonic()

    with losing(redis_url, keys.lease("acme", STAGE).encode()) as loses:
        budget = Budget(redis, "acme", PLENTY)
        client = RingCentral(account, loses, budget, bounds=QUICK, observe=lambda _group, _status: None)
        assert get(client) == 1
    assert time.monotonic() - began < 5
    assert len(server.asked(TOKEN_PATH)) == 1


def test_whoever_is_killed_while_it_asks_holds_the_others_up_no_longer_than_its_stage(
    server: Server, a_client: MakeClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "RENEW_SECONDS", 0.02)
    server.on(TOKEN_PATH, Reply(silent=True))
    client = a_client(bounds=Bounds(connect=0.5, read=0.3, total=0.5, body=100_000))
    asking = Thread(target=all_at_once, args=([client._tokens.current],))

    seen = set()
    asking.start()
    while asking.is_alive():
        seen.add((redis.pttl(keys.lease("acme", STAGE)), redis.hget(keys.lease("acme", STAGE), "commits")))
    asking.join()

    assert 0 < max(left for left, _ in seen) <= 1000 * LEASE_SECONDS
    assert len({commits for _, commits in seen if commits}) > 2  # renewed meanwhile, however long it takes


def test_whoever_is_stopped_while_it_asks_waits_for_no_answer(
    server: Server, a_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tokens, "wait", stopped)
    server.on(TOKEN_PATH, Reply(silent=True))

    with pytest.raises(KeyboardInterrupt):
        get(a_client(bounds=Bounds(connect=0.5, read=2.0, total=2.0, body=100_000)))

    (asking,) = (one for one in all_threads() if one.name.startswith("token"))
    assert asking.daemon
    server.released.set()
    asking.join()


@pytest.mark.parametrize("asks_itself", [True, False])
def test_a_process_that_is_to_stop_waits_for_no_token_nor_for_an_answer_with_one(
    server: Server, a_client: MakeClient, redis: Redis, monkeypatch: pytest.MonkeyPatch, *, asks_itself: bool
) -> None:
    monkeypatch.setattr(tokens, "RENEW_SECONDS", 0.02)
    server.on(TOKEN_PATH, Reply(silent=True))
    if not asks_itself:
        redis.hset(keys.lease("acme", STAGE), "token", "somebody else")
    stopping = Stopping()
    stopping.set()

    with pytest.raises(NotSent):
        get(a_client(bounds=Bounds(connect=0.5, read=20.0, total=20.0, body=100_000), stopping=stopping))

    server.released.set()
    for asking in [one for one in all_threads() if one.name.startswith("token")]:
        asking.join()
    assert server.asked(PATH) == []


def test_a_process_that_is_to_stop_uses_the_token_there_is(client: RingCentral, a_client: MakeClient) -> None:
    get(client)
    stopping = Stopping()
    stopping.set()

    assert get(a_client(stopping=stopping)) == 1
