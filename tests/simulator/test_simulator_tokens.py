"""Tokens: granted for the right secrets, checked everywhere, revoked on demand."""

import pytest
import requests

from scripts.simulator import RunningSimulator
from scripts.simulator.problems import ApiError
from scripts.simulator.tokens import JWT_BEARER, TOKEN_PREFIX, Tokens
from tests.simulator.client import Client

BASIC = "Basic c2ltdWxhdGVkLWNsaWVudC1pZDpzaW11bGF0ZWQtY2xpZW50LXNlY3JldA=="


def test_a_wrong_secret_is_an_invalid_client(client: Client) -> None:
    answer = client.ask_for_token(secret="wrong")

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_client"
    assert answer.json()["errors"][0]["errorCode"] == "OAU-146"


def test_a_wrong_jwt_is_an_invalid_grant(client: Client) -> None:
    answer = client.ask_for_token(jwt="wrong")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_token_can_be_told_wherever_it_turns_up(client: Client) -> None:
    assert client.ask_for_token().json()["access_token"].startswith(TOKEN_PREFIX)


def test_a_refused_jwt_is_refused_until_it_is_not(client: Client, simulator: RunningSimulator) -> None:
    simulator.fault("reject_jwt")
    refused = client.ask_for_token()
    simulator.fault("reject_jwt", on=False)

    assert (refused.status_code, client.ask_for_token().status_code) == (400, 200)


@pytest.mark.parametrize(("header", "code"), [({}, "AGW-402"), ({"Authorization": "Bearer made-up"}, "OAU-213")])
def test_a_request_without_a_good_token_is_refused(
    simulator: RunningSimulator, header: dict[str, str], code: str
) -> None:
    answer = requests.get(f"{simulator.url}/restapi/v1.0/subscription", headers=header, timeout=5)

    assert (answer.status_code, answer.json()["errorCode"]) == (401, code)


def test_revoked_tokens_are_unknown(client: Client, simulator: RunningSimulator) -> None:
    simulator.fault("revoke_tokens")

    assert client.get("/subscription").json()["errorCode"] == "OAU-213"


def test_a_token_expires() -> None:
    now = [1000.0]
    tokens = Tokens(60, lambda: now[0], 5)
    token = tokens.grant(BASIC, JWT_BEARER, "simulated-jwt")["access_token"]
    now[0] += 60.0

    with pytest.raises(ApiError) as refused:
        tokens.user_of(f"Bearer {token}")

    assert refused.value.problem.code == "OAU-128"


def test_the_sixth_token_ends_the_first() -> None:
    tokens = Tokens(60, lambda: 1000.0, 5)
    granted = [tokens.grant(BASIC, JWT_BEARER, "simulated-jwt")["access_token"] for _ in range(6)]

    for token in granted[1:]:
        tokens.user_of(f"Bearer {token}")
    with pytest.raises(ApiError):
        tokens.user_of(f"Bearer {granted[0]}")


def test_the_token_says_whose_it_is(client: Client) -> None:
    extension = client.get("/account/~/extension/~").json()

    assert extension["account"]["id"] == "400131426008"


def test_another_account_is_not_found(client: Client) -> None:
    answer = client.get("/account/1/call-log")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "CMN-102")
