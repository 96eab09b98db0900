"""What an answer means: pure, by RingCentral's codes."""

import json
from typing import Any

import msgspec
import pytest

from workers.ringcentral.answers import Answer, granted_by, problem, value_of
from workers.ringcentral.errors import (
    BrokenConfiguration,
    Forbidden,
    NotFound,
    RateLimited,
    Refused,
    RingCentralError,
    TokenRefused,
    Unavailable,
)


def an_error(status: int, *codes: str, **more: Any) -> Answer:
    errors = [{"errorCode": code, "message": "whatever"} for code in codes]
    return Answer(
        status, {}, json.dumps({"errorCode": codes[0], "message": "whatever", "errors": errors} | more).encode()
    )


def a_body(status: int, body: bytes) -> Answer:
    return Answer(status, {}, body)


ANSWERS: list[tuple[str, Answer, type[RingCentralError]]] = [
    ("the gateway knows no such path", an_error(404, "AGW-404", errors=[]), NotFound),
    ("no such record", an_error(404, "CMN-102"), NotFound),
    ("no such record, said with a 400", an_error(400, "CMN-102"), NotFound),
    ("the subscription has expired", an_error(404, "SUB-507"), NotFound),
    ("an address that will never exist", an_error(404, "CMN-120"), Refused),
    ("a bad parameter", an_error(400, "CMN-101"), Refused),
    ("a bad parameter, without an outer code", a_body(400, b'{"errors":[{"errorCode":"CMN-101"}]}'), Refused),
    ("a sync token that has expired", an_error(400, "CLG-101"), Refused),
    ("filters that exclude each other", an_error(400, "CLG-110"), Refused),
    ("a range beyond the end", an_error(416, "CMN-107"), Refused),
    ("too many subscriptions", an_error(403, "SUB-505"), Refused),
    ("a webhook address that failed the handshake", an_error(400, "SUB-525"), Refused),
    ("not supported", an_error(501, "CMN-202"), Refused),
    ("a bad request nobody explains", a_body(400, b""), Refused),
    ("the app lacks a permission", an_error(403, "InsufficientPermissions", "CMN-401"), Forbidden),
    ("the user lacks a permission", an_error(403, "CMN-408"), Forbidden),
    ("somebody else's extension", an_error(403, "CMN-404"), Forbidden),
    ("token not found", an_error(401, "OAU-213"), TokenRefused),
    ("token expired", an_error(401, "OAU-128"), TokenRefused),
    ("token corrupted", an_error(401, "OAU-129"), TokenRefused),
    ("token unparsable", an_error(401, "OAU-149"), TokenRefused),
    ("login required", an_error(401, "CMN-405"), TokenRefused),
    ("the gateway misses a header", an_error(401, "AGW-402"), TokenRefused),
    ("the account is suspended", an_error(401, "OAU-142"), BrokenConfiguration),
    ("the client is unknown", an_error(401, "OAU-146"), BrokenConfiguration),
    ("too many requests", an_error(429, "CMN-301"), RateLimited),
    ("too many requests from everybody", an_error(429, "CMN-310"), RateLimited),
    ("too many requests, says a proxy", a_body(429, b"<html>slow down</html>"), RateLimited),
    ("an internal error", an_error(500, "CMN-203"), Unavailable),
    ("in maintenance", an_error(503, "CMN-201"), Unavailable),
    ("a bad gateway", a_body(502, b"<html>"), Unavailable),
    ("a request that took them too long", a_body(408, b""), Unavailable),
    ("a 404 of a proxy is not an answer", a_body(404, b"<html>not here</html>"), Unavailable),
    ("a 403 of a firewall is not an answer", a_body(403, b""), Unavailable),
    ("a 401 of a proxy is not an answer", a_body(401, b"[]"), Unavailable),
    ("a redirect is not followed", a_body(302, b""), Unavailable),
    (
        "an error body of unexpected shapes",
        a_body(500, b'{"errorCode":7,"errors":[null,{"errorCode":[]}]}'),
        Unavailable,
    ),
    ("an error body too deep to read", a_body(500, b"[" * 100_000), Unavailable),
]


@pytest.mark.parametrize(("answer", "kind"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_an_answer_means(answer: Answer, kind: type[RingCentralError]) -> None:
    assert type(problem(answer)) is kind


def test_a_success_that_is_too_deep_to_read_is_none() -> None:
    with pytest.raises(Unavailable):
        value_of(a_body(200, b"[" * 100_000), json.loads)


def test_the_codes_are_kept_outermost_first_and_once() -> None:
    assert problem(an_error(403, "InsufficientPermissions", "CMN-401", "CMN-401")).codes == (
        "InsufficientPermissions",
        "CMN-401",
    )


def test_a_missing_permission_is_named() -> None:
    assert "ReadCallLog" in str(problem(an_error(403, "CMN-401", permissionName="ReadCallLog")))
    assert "ReadCompanyCallLog" in str(problem(an_error(403, "CMN-408", message="needs [ReadCompanyCallLog]")))


@pytest.mark.parametrize(("status", "late"), [(504, True), (503, False)])
def test_who_waits_for_ringcentral_in_our_place_may_find_it_late(status: int, *, late: bool) -> None:
    error = problem(a_body(status, b"<html>"))

    assert isinstance(error, Unavailable)
    assert error.late is late


def test_what_came_instead_of_an_answer_is_neither_shown_nor_kept() -> None:
    error = problem(a_body(502, b"<html>+16505550101" + b"x" * 5000))

    assert isinstance(error, Unavailable)
    assert "555" not in f"{error} {vars(error)}"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (a_body(400, b'{"error":"invalid_grant","errors":[{"errorCode":"OAU-210"}]}'), BrokenConfiguration),
        (a_body(400, b'{"error":"invalid_client"}'), BrokenConfiguration),
        (an_error(401, "OAU-146"), BrokenConfiguration),
        (an_error(401, "OAU-213"), BrokenConfiguration),
        (an_error(403, "OAU-112"), BrokenConfiguration),
        (an_error(429, "CMN-301"), RateLimited),
        (an_error(503, "CMN-201"), Unavailable),
        (a_body(403, b"<html>firewall</html>"), Unavailable),
        (a_body(200, b"<html>welcome</html>"), Unavailable),
    ],
)
def test_whatever_the_token_endpoint_refuses_a_person_must_mend(answer: Answer, kind: type[RingCentralError]) -> None:
    with pytest.raises(RingCentralError) as raised:
        granted_by(answer, msgspec.json.decode)

    assert type(raised.value) is kind
