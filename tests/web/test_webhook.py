"""The answers of the webhook route, as the contract lists them. Every test holds with the front and without it."""

import io
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from runtime import bells, keys
from runtime.bells import Stage
from tests.simulator.waiting import wait_until
from tests.web.conftest import NOBODY, ONLY, Web
from tests.web.posting import BODY, PATH, SIGNED, TOKEN
from web.body import MAX_BODY, told_length

Make: TypeAlias = Callable[..., Web]


@pytest.fixture
def web(make: Make, redis_url: str) -> Web:
    return make(redis_url)


def stored(redis: Redis, account: str = ONLY) -> list[bytes]:
    entries: Any = redis.xrange(keys.inbox(account))
    return [fields[b"body"] for _, fields in entries]


def announced(length: int, body: io.BytesIO) -> dict[str, Any]:
    """Describe a request that says how long its body is, truly or not."""
    return {"CONTENT_LENGTH": str(length), "wsgi.input": body}


@pytest.mark.parametrize(
    ("headers", "body", "status", "kept"),
    [
        pytest.param(SIGNED, BODY, 200, 1, id="a notification"),
        pytest.param(SIGNED, b"{}", 200, 1, id="of an unknown kind"),
        pytest.param(SIGNED, b"{{{ \xff", 200, 1, id="malformed, but authentic"),
        pytest.param(SIGNED, b"", 200, 1, id="empty, but authentic"),
        pytest.param(SIGNED, b"x" * MAX_BODY, 200, 1, id="as large as allowed"),
        pytest.param(SIGNED, b"x" * (MAX_BODY + 1), 413, 0, id="larger than allowed"),
        pytest.param({}, BODY, 401, 0, id="no token"),
        pytest.param({"Verification-Token": ""}, BODY, 401, 0, id="an empty token"),
        pytest.param({"Verification-Token": "wrong-token"}, BODY, 401, 0, id="a wrong token"),
        pytest.param({"Verification-Token": TOKEN[:-1]}, BODY, 401, 0, id="part of the token"),
        pytest.param({"Verification-Token": TOKEN + "x"}, BODY, 401, 0, id="more than the token"),
        pytest.param({"Verification-Token": "tökén €"}, BODY, 401, 0, id="a token that is not ASCII"),
        pytest.param({}, b"x" * (MAX_BODY + 1), 401, 0, id="a stranger's giant"),
        pytest.param({"Validation-Token": "hand.shake"}, b"", 200, 0, id="a handshake"),
        pytest.param({"Validation-Token": "hand.shake"}, BODY, 200, 0, id="a stranger's handshake with a body"),
        pytest.param({"Validation-Token": "x" * 513}, b"", 400, 0, id="a handshake that is too long"),
        pytest.param({"Validation-Token": "<script>"}, b"", 400, 0, id="a handshake of other characters"),
        pytest.param({"Validation-Token": ""}, b"", 400, 0, id="an empty handshake"),
        pytest.param({"Validation-Token": "hand.shake", **SIGNED}, BODY, 200, 1, id="both at once"),
    ],
)
def test_every_request_gets_the_answer_of_the_contract(
    web: Web, redis: Redis, headers: Mapping[str, str], body: bytes, status: int, kept: int
) -> None:
    # as a WSGI server does, header bytes are handed over as Latin-1 text
    environ = {
        f"HTTP_{name.upper().replace('-', '_')}": value.encode().decode("latin-1") for name, value in headers.items()
    }

    response = web.client.post(PATH, data=body, environ_overrides=environ)

    assert (response.status_code, len(stored(redis))) == (status, kept)
    assert response.content_type == "application/json"
    assert response.json == {}


def test_a_handshake_is_answered_with_its_own_token(web: Web) -> None:
    response = web.client.post(PATH, headers={"Validation-Token": "5a0d-c17b~x.y_z+/="})

    assert response.headers["Validation-Token"] == "5a0d-c17b~x.y_z+/="


def test_a_refused_handshake_token_is_not_repeated(web: Web) -> None:
    response = web.client.post(PATH, environ_overrides={"HTTP_VALIDATION_TOKEN": "a\r\nSet-Cookie: mine=1"})

    assert response.status_code == 400
    assert {name for name, _ in response.headers} == {"Content-Type", "Content-Length"}


def test_a_notification_that_bears_a_handshake_is_stored_and_echoed(web: Web, redis: Redis) -> None:
    response = web.client.post(PATH, data=BODY, headers={"Validation-Token": "hand.shake", **SIGNED})

    assert response.headers["Validation-Token"] == "hand.shake"
    assert stored(redis) == [BODY]


@pytest.mark.parametrize("token", ["x" * 513, "a b", "a\r\nSet-Cookie: mine=1"])
def test_what_is_no_handshake_s_token_is_not_echoed_with_a_notification_either(
    web: Web, redis: Redis, token: str
) -> None:
    response = web.client.post(PATH, data=BODY, headers=SIGNED, environ_overrides={"HTTP_VALIDATION_TOKEN": token})

    assert response.status_code == 200
    assert {name for name, _ in response.headers} == {"Content-Type", "Content-Length"}
    assert stored(redis) == [BODY]


def test_a_handshake_needs_no_redis(make: Make) -> None:
    response = make(NOBODY).client.post(PATH, headers={"Validation-Token": "hand.shake"})

    assert (response.status_code, response.headers["Validation-Token"]) == (200, "hand.shake")


def test_nothing_is_acknowledged_while_redis_is_away(make: Make) -> None:
    response = make(NOBODY).client.post(PATH, data=BODY, headers=SIGNED)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


def test_while_the_token_is_changed_the_old_and_the_new_one_count(make: Make, redis_url: str) -> None:
    client = make(redis_url, RC_VERIFICATION_TOKEN="new-token, old-token").client

    answers = [
        client.post(PATH, data=BODY, headers={"Verification-Token": token}).status_code
        for token in ("new-token", "old-token", "new-token, old-token", "older-token")
    ]

    assert answers == [200, 200, 401, 401]


def test_each_account_has_an_address_a_token_and_an_inbox_of_its_own(
    make: Make, redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(
        "".join(f'[[accounts]]\nname = "{n}"\nrc_verification_token = "{n}-token"\n' for n in ("east", "west"))
    )
    client = make(redis_url, ACCOUNTS_FILE=str(file)).client

    def post(path: str, token: str) -> int:
        return client.post(path, data=BODY, headers={"Verification-Token": token}).status_code

    assert post(f"{PATH}/east", "east-token") == 200
    assert post(f"{PATH}/west", "east-token") == 401
    assert post(f"{PATH}/north", "east-token") == 404
    assert post(PATH, "east-token") == 404
    assert (stored(redis, "east"), stored(redis, "west")) == ([BODY], [])


def test_the_only_account_answers_with_and_without_its_name(web: Web, redis: Redis) -> None:
    answers = [web.client.post(path, data=BODY, headers=SIGNED).status_code for path in (PATH, f"{PATH}/{ONLY}")]

    assert answers == [200, 200]
    assert len(stored(redis)) == 2


def test_who_was_the_only_account_answers_without_its_name_when_others_have_come(
    make: Make, redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(
        "".join(f'[[accounts]]\nname = "{n}"\nrc_verification_token = "{n}-token"\n' for n in (ONLY, "new"))
    )
    client = make(redis_url, ACCOUNTS_FILE=str(file)).client

    answers = [
        client.post(path, data=BODY, headers={"Verification-Token": f"{ONLY}-token"}).status_code
        for path in (PATH, f"{PATH}/{ONLY}")
    ]

    assert answers == [200, 200]
    assert (stored(redis, ONLY), stored(redis, "new")) == ([BODY, BODY], [])


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_route_takes_posts_only(web: Web, method: str) -> None:
    assert web.client.open(PATH, method=method, headers=SIGNED).status_code == 405


def test_a_body_that_says_it_is_too_large_is_not_even_read(web: Web) -> None:
    class Unreadable(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("it was read")

    response = web.client.post(PATH, headers=SIGNED, environ_overrides=announced(MAX_BODY + 1, Unreadable()))

    assert response.status_code == 413


@pytest.mark.parametrize("told", ["\u00b2", "\u0663", "+4", "4.0", "-1"])
def test_a_length_that_is_no_number_tells_none(told: str) -> None:
    assert told_length({"CONTENT_LENGTH": told}) is None


def test_half_a_body_is_not_stored(web: Web, redis: Redis) -> None:
    response = web.client.post(PATH, headers=SIGNED, environ_overrides=announced(8, io.BytesIO(b"half")))

    assert response.status_code == 400
    assert stored(redis) == []


def test_a_sender_that_vanishes_is_no_error_of_ours(web: Web) -> None:
    class Vanished(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise ConnectionResetError

    response = web.client.post(PATH, headers=SIGNED, environ_overrides=announced(8, Vanished()))

    assert response.status_code == 400


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=4096))
def test_whatever_an_authentic_body_holds_is_stored_word_for_word(web: Web, redis: Redis, body: bytes) -> None:
    redis.delete(keys.inbox(ONLY))

    response = web.client.post(PATH, data=body, headers=SIGNED)

    assert response.status_code == 200
    assert stored(redis) == [body]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    verification=st.none() | st.just(TOKEN) | st.text(st.characters(max_codepoint=255)),
    validation=st.none() | st.text(st.characters(max_codepoint=255)),
    length=st.none() | st.integers(-1, 300_000).map(str) | st.text(max_size=5),
    body=st.binary(max_size=64),
)
def test_no_request_is_an_error_of_ours(
    web: Web, verification: str | None, validation: str | None, length: str | None, body: bytes
) -> None:
    found = {"HTTP_VERIFICATION_TOKEN": verification, "HTTP_VALIDATION_TOKEN": validation, "CONTENT_LENGTH": length}
    environ = {name: value for name, value in found.items() if value is not None}

    response = web.client.post(PATH, input_stream=io.BytesIO(body), environ_overrides=environ)

    assert response.status_code < 500


def test_many_notifications_ring_one_bell(web: Web, redis: Redis) -> None:
    for _ in range(20):
        web.client.post(PATH, data=BODY, headers=SIGNED)

    assert bells.waiting(redis, Stage.TRACK) == 1


def test_parallel_requests_lose_nothing(web: Web, redis: Redis) -> None:
    bodies = [b"%d" % number for number in range(500)]

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(lambda body: web.client.post(PATH, data=body, headers=SIGNED).status_code, bodies))

    assert answers == {200}
    assert sorted(stored(redis)) == sorted(bodies)


def test_nothing_is_accepted_when_redis_is_nearly_full_and_all_again_when_it_is_not(
    web: Web, redis: Redis, configured: Callable[..., None]
) -> None:
    configured(maxmemory=int(redis.info("memory")["used_memory"] * 1.2))

    refused = web.client.post(PATH, data=BODY, headers=SIGNED)
    configured(maxmemory="1gb")

    assert (refused.status_code, refused.headers["Retry-After"], stored(redis)) == (503, "5", [])
    wait_until(lambda: web.client.post(PATH, data=BODY, headers=SIGNED).status_code == 200)


@pytest.mark.parametrize(("option", "value"), [("maxmemory_policy", "allkeys-lru"), ("appendonly", "no")])
def test_what_redis_takes_and_may_lose_is_stored_for_to_refuse_it_would_lose_it(
    web: Web, redis: Redis, configured: Callable[..., None], option: str, value: str
) -> None:
    configured(**{option: value})

    assert web.client.post(PATH, data=BODY, headers=SIGNED).status_code == 200
    assert stored(redis) == [BODY]


def test_a_redis_that_forgot_the_script_learns_it_again(web: Web, redis: Redis) -> None:
    web.client.post(PATH, data=BODY, headers=SIGNED)
    redis.script_flush()

    assert web.client.post(PATH, data=BODY, headers=SIGNED).status_code == 200
    assert len(stored(redis)) == 2


def test_answers_are_counted_by_what_they_were(web: Web, redis: Redis) -> None:
    web.client.post(PATH, data=BODY, headers=SIGNED)
    web.client.post(PATH, data=BODY, headers=SIGNED)
    web.client.post(PATH, data=BODY)
    web.recorder.flush()

    counts = redis.hgetall(keys.METRICS)

    assert counts[b"legwork_notifications\x1fdefault\x1fstored"] == b"2"
    assert counts[b"legwork_notifications\x1fdefault\x1funverified"] == b"1"


def test_posts_for_accounts_there_are_not_are_counted_together_whatever_they_are_called(web: Web, redis: Redis) -> None:
    for name in ("north", "south", "<script>"):
        web.client.post(f"{PATH}/{name}", data=BODY, headers=SIGNED)
    web.recorder.flush()

    counts = {field: count for field, count in redis.hgetall(keys.METRICS).items() if b"notifications" in field}

    assert counts == {b"legwork_notifications\x1f?\x1funknown_account": b"3"}
