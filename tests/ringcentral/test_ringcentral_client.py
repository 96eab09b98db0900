"""The client as its callers see it: values, errors, and what is not sent."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from redis import Redis

from runtime import keys
from runtime.budget import GATE_MOST, Budget, Group, Share
from runtime.settings import Account, Scope
from tests.ringcentral.conftest import PLENTY, MakeAccount, MakeClient
from tests.ringcentral.server import TOKEN_PATH, Reply, Server, a_token, fails, html, says
from workers.ringcentral.client import RingCentral
from workers.ringcentral.errors import (
    BrokenConfiguration,
    Forbidden,
    NotFound,
    RateLimited,
    RingCentralError,
    Unavailable,
)
from workers.ringcentral.tokens import NEW_SECONDS

PATH = "/restapi/v1.0/it"


def get(client: RingCentral, group: Group = Group.HEAVY, path: str = PATH) -> Any:
    return client.get(path, {"view": "Detailed"}, decode=msgspec.json.decode, group=group)


def error_of(call: Callable[[], Any]) -> RingCentralError:
    with pytest.raises(RingCentralError) as raised:
        call()
    return raised.value


def test_a_value_is_read_from_the_answer(server: Server, client: RingCentral) -> None:
    server.on(PATH, says({"a": 1}))

    assert get(client) == {"a": 1}
    seen = server.asked(PATH)[0]
    assert (seen.method, seen.query) == ("GET", {"view": "Detailed"})
    assert (seen.headers["authorization"], seen.headers["accept"]) == ("Bearer token-1", "application/json")


def test_bodies_are_sent_as_json_and_no_body_as_none(server: Server, client: RingCentral) -> None:
    server.on(PATH, says(1))
    client.post(PATH, {"a": 1}, decode=msgspec.json.decode, group=Group.MEDIUM)
    client.put(PATH, {"b": 2}, decode=msgspec.json.decode, group=Group.MEDIUM)
    client.post(PATH, decode=msgspec.json.decode, group=Group.LIGHT)
    server.on(PATH, Reply(204, b""))
    client.delete(PATH, group=Group.MEDIUM)

    assert [(seen.method, seen.body) for seen in server.asked(PATH)] == [
        ("POST", b'{"a":1}'),
        ("PUT", b'{"b":2}'),
        ("POST", b""),
        ("DELETE", b""),
    ]
    assert server.asked(PATH)[0].headers["content-type"] == "application/json"


def test_only_paths_on_the_configured_host_are_asked(client: RingCentral, server: Server) -> None:
    for path in ("https://elsewhere.example/restapi/", "@elsewhere.example/", "//elsewhere.example/restapi", ""):
        with pytest.raises(ValueError, match="not a path"):
            get(client, path=path)

    assert server.seen == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (fails(404, "CMN-102"), NotFound),
        (fails(403, "CMN-408"), Forbidden),
        (fails(503, "CMN-201"), Unavailable),
        (html(200), Unavailable),
        (Reply(body=b'{"records":['), Unavailable),
        (Reply(body=b'{"records":[]}', cut_after=5), Unavailable),
    ],
)
def test_what_is_not_a_value_is_an_error(
    server: Server, client: RingCentral, reply: Reply, kind: type[RingCentralError]
) -> None:
    server.on(PATH, reply)

    assert type(error_of(lambda: get(client))) is kind


def test_an_error_names_neither_token_nor_secret(server: Server, client: RingCentral) -> None:
    server.on(PATH, Reply(cut_after=0))

    text = str(error_of(lambda: get(client)))

    assert "token-1" not in text
    assert "secret" not in text


# The budget


def test_nothing_is_sent_when_the_budget_is_spent(server: Server, a_client: MakeClient) -> None:
    server.on(PATH, says(1))
    one, another = a_client(limits={}), a_client(limits={})
    assert [get(one), get(another)] == [1, 1]

    error = error_of(lambda: get(one))

    assert isinstance(error, RateLimited)
    assert 5 < error.retry_after < 8
    assert len(server.asked(PATH)) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "60"}, 60.5),
        ({"Retry-After": "Wed, 01 Oct 2025 12:01:00 GMT", "Date": "Wed, 01 Oct 2025 12:00:00 GMT"}, 60.5),
        ({}, 30.5),
        ({"Retry-After": "99999999"}, GATE_MOST + 0.5),
        ({"Retry-After": "0"}, 1.5),
        ({"Retry-After": "7", "X-Rate-Limit-Group": "heavy", "X-Rate-Limit-Remaining": "0"}, 7.5),
    ],
    ids=["seconds", "date", "absent", "huge", "zero", "wins over the window"],
)
def test_after_a_429_nobody_sends_in_that_group(
    server: Server, a_client: MakeClient, headers: dict[str, str], seconds: float
) -> None:
    server.on(PATH, fails(429, "CMN-301", headers=headers))
    first = error_of(lambda: get(a_client()))
    server.on(PATH, says(1))

    second = error_of(lambda: get(a_client()))

    assert isinstance(first, RateLimited)
    assert isinstance(second, RateLimited)
    assert first.retry_after == pytest.approx(seconds)
    assert second.retry_after == pytest.approx(seconds, abs=0.5)
    assert len(server.asked(PATH)) == 1
    assert get(a_client(), Group.LIGHT) == 1


def test_a_429_of_everybody_s_rate_closes_all_groups(server: Server, client: RingCentral) -> None:
    server.on(PATH, fails(429, "CMN-310"))
    error_of(lambda: get(client))

    assert isinstance(error_of(lambda: get(client, Group.LIGHT)), RateLimited)


def test_another_account_does_not_wait(server: Server, a_client: MakeClient, an_account: MakeAccount) -> None:
    server.on(PATH, fails(429, "CMN-301"), says(1))
    error_of(lambda: get(a_client()))

    assert get(a_client(an_account("other"))) == 1


def test_the_budget_learns_from_every_answer(server: Server, client: RingCentral, redis: Redis) -> None:
    headers = {"X-Rate-Limit-Group": "heavy", "X-Rate-Limit-Limit": "40", "X-Rate-Limit-Window": "60"}
    server.on(PATH, fails(404, "CMN-102", headers={**headers, "X-Rate-Limit-Remaining": "1"}))

    error_of(lambda: get(client))

    state = Budget(redis, "acme", PLENTY).left(Group.HEAVY)
    assert state.limit == 40
    assert state.tokens < 1.5


# The breaker


def test_after_a_failure_nobody_sends_until_the_pause_is_over(server: Server, a_client: MakeClient) -> None:
    server.on(PATH, fails(503, "CMN-201", headers={"Retry-After": "20"}))
    first = error_of(lambda: get(a_client()))

    second = error_of(lambda: get(a_client(), Group.LIGHT))

    assert isinstance(first, Unavailable)
    assert isinstance(second, Unavailable)
    assert first.retry_after == 20
    assert second.retry_after == pytest.approx(20, abs=0.5)
    assert len(server.asked(PATH)) == 1


def test_html_with_a_200_opens_the_breaker_too(server: Server, client: RingCentral) -> None:
    server.on(PATH, html(200), says(1))
    error_of(lambda: get(client))

    error = error_of(lambda: get(client))

    assert isinstance(error, Unavailable)
    assert len(server.asked(PATH)) == 1


def test_a_refusal_is_an_answer_and_opens_nothing(server: Server, client: RingCentral) -> None:
    server.on(PATH, fails(404, "CMN-102"), fails(400, "CMN-101"), fails(403, "CMN-401"), says(1))
    for _ in range(3):
        error_of(lambda: get(client))

    assert get(client) == 1


# Refused tokens and broken configurations


@pytest.mark.parametrize("code", ["OAU-213", "OAU-128", "OAU-129", "OAU-149", "CMN-405"])
def test_a_refused_token_is_replaced_once_and_the_request_repeated(
    server: Server, client: RingCentral, code: str
) -> None:
    server.on(TOKEN_PATH, a_token("old"), a_token("new"))
    server.on(PATH, fails(401, code), says(1))

    assert get(client) == 1
    assert [seen.headers["authorization"] for seen in server.asked(PATH)] == ["Bearer old", "Bearer new"]
    assert len(server.asked(TOKEN_PATH)) == 2


@pytest.mark.parametrize("reply", [html(401), Reply(401, b"")], ids=["html", "nothing"])
def test_after_a_401_without_a_word_of_ringcentrals_another_token_is_asked_for(
    server: Server, client: RingCentral, redis: Redis, reply: Reply, token_key: str
) -> None:
    server.on(TOKEN_PATH, a_token("old"), a_token("new"))
    server.on(PATH, says(0), reply, says(1))
    get(client)
    redis.expire(token_key, 3600 - 30 - int(NEW_SECONDS))

    assert isinstance(error_of(lambda: get(client)), Unavailable)
    redis.delete(keys.breaker("acme"))  # as after its pause

    assert get(client) == 1
    assert [seen.headers["authorization"] for seen in server.asked(PATH)][1:] == ["Bearer old", "Bearer new"]


def test_a_new_token_stays_where_it_meets_such_a_401_for_the_fault_is_another(
    server: Server, client: RingCentral, redis: Redis
) -> None:
    server.on(PATH, html(401), says(1))

    assert isinstance(error_of(lambda: get(client)), Unavailable)
    redis.delete(keys.breaker("acme"))  # as after its pause

    assert get(client) == 1
    assert len(server.asked(TOKEN_PATH)) == 1


def test_a_token_that_lives_for_longer_than_it_was_given_is_not_new_the_clock_was_put_back(
    server: Server, client: RingCentral, redis: Redis, token_key: str
) -> None:
    server.on(PATH, says(0), html(401), says(1))
    get(client)
    redis.expire(token_key, 365 * 86_400)

    assert isinstance(error_of(lambda: get(client)), Unavailable)
    redis.delete(keys.breaker("acme"))  # as after its pause

    assert get(client) == 1
    assert len(server.asked(TOKEN_PATH)) == 2


def test_whoever_meets_such_a_401_late_does_not_take_back_the_token_that_another_has_fetched(
    server: Server, client: RingCentral
) -> None:
    server.on(TOKEN_PATH, a_token("new"))
    server.on(PATH, says(1))
    get(client)

    client._tokens.forget("old")

    assert get(client) == 1
    assert len(server.asked(TOKEN_PATH)) == 1


def test_when_the_new_token_is_refused_too_we_give_up_for_a_while(server: Server, client: RingCentral) -> None:
    server.on(PATH, fails(401, "OAU-213"))
    server.on(TOKEN_PATH, a_token("old"), a_token("new"))

    error = error_of(lambda: get(client))

    assert isinstance(error, Unavailable)
    assert error.retry_after is not None
    assert len(server.asked(PATH)) == 2


def test_no_other_token_is_asked_for_while_one_that_was_refused_at_once_is_new(
    server: Server, client: RingCentral, redis: Redis, token_key: str
) -> None:
    server.on(PATH, *[fails(401, "OAU-213")] * 5, says(1))
    server.on(TOKEN_PATH, a_token("first"), a_token("second"), a_token("third"))
    for seconds_old in (0, 0, int(NEW_SECONDS)):
        assert isinstance(error_of(lambda: get(client)), Unavailable)
        assert len(server.asked(TOKEN_PATH)) == 2
        redis.delete(keys.breaker("acme"))  # as after its pause
        redis.expire(token_key, 3600 - 30 - seconds_old)

    assert get(client) == 1
    used = [seen.headers["authorization"].removeprefix("Bearer ") for seen in server.asked(PATH)]
    assert used == ["first", *["second"] * 4, "third"]


def test_a_suspended_account_is_parked(server: Server, a_client: MakeClient) -> None:
    server.on(PATH, fails(401, "OAU-142"))
    error_of(lambda: get(a_client()))

    error = error_of(lambda: get(a_client()))

    assert isinstance(error, BrokenConfiguration)
    assert error.retry_after == pytest.approx(300, abs=1)
    assert len(server.asked(PATH)) == 1


def test_invalid_credentials_park_the_account_until_they_change(
    server: Server, a_client: MakeClient, an_account: MakeAccount
) -> None:
    server.on(TOKEN_PATH, says({"error": "invalid_grant", "errors": [{"errorCode": "OAU-210"}]}, status=400), a_token())
    server.on(PATH, says(1))
    for _ in range(3):
        assert isinstance(error_of(lambda: get(a_client())), BrokenConfiguration)
    assert len(server.asked(TOKEN_PATH)) == 1

    assert get(a_client(an_account(jwt="renewed"))) == 1


def test_an_account_without_credentials_is_a_broken_configuration(server: Server, a_client: MakeClient) -> None:
    nobody = Account("acme", server.url, Scope.ACCOUNT, None, ())

    assert isinstance(error_of(lambda: get(a_client(nobody))), BrokenConfiguration)
    assert server.seen == []


def test_requests_are_observed_with_group_and_status(server: Server, a_client: MakeClient) -> None:
    seen: list[tuple[str, str]] = []
    client = a_client(observe=lambda *what: seen.append(what))
    server.on(PATH, fails(404, "CMN-102"), Reply(cut_after=0))
    for _ in range(2):
        error_of(lambda: get(client))

    assert seen == [("auth", "200"), ("heavy", "404"), ("heavy", "none")]


def test_the_share_decides_who_waits(server: Server, a_client: MakeClient) -> None:
    server.on(PATH, says(1))
    client = a_client(limits={})
    assert get(client) == 1

    def backfill() -> Any:
        return client.get(PATH, decode=msgspec.json.decode, group=Group.HEAVY, share=Share.BACKFILL)

    assert isinstance(error_of(backfill), RateLimited)
    assert get(client) == 1
