"""One request over a real connection: whole answers, and everything that is none."""

import socket
from pathlib import Path

import pytest

from tests.destinations.certificates import Authority
from tests.destinations.endpoint import Endpoint, drips, says_first
from tests.destinations.endpoint import says as answers
from tests.ringcentral.conftest import QUICK
from tests.ringcentral.server import Reply, Server, fails, says, zipped
from workers.ringcentral.errors import Unavailable
from workers.ringcentral.transport import Bounds, Request, Transport, new_session

GZIP_HEADER = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF])
EMPTY_BLOCK = bytes([0, 0, 0, 0xFF, 0xFF])


@pytest.fixture
def transport() -> Transport:
    return Transport(bounds=QUICK)


def test_a_whole_answer_is_given_whatever_its_status(server: Server, transport: Transport) -> None:
    server.on("/it", fails(404, "CMN-102", headers={"X-Rate-Limit-Group": "heavy"}))

    answer = transport.send(Request("GET", server.url + "/it"))

    assert (answer.status, answer.headers["x-rate-limit-group"]) == (404, "heavy")
    assert answer.body.startswith(b'{"errorCode"')


def test_we_say_who_we_are_and_take_compressed_answers(server: Server, transport: Transport) -> None:
    server.on("/it", zipped({"a": 1}))

    assert transport.send(Request("GET", server.url + "/it")).body == b'{"a": 1}'
    assert server.seen[0].headers["user-agent"].startswith("Legwork/")
    assert server.seen[0].headers["accept-encoding"] == "gzip"


def test_the_connection_is_kept(server: Server, transport: Transport) -> None:
    server.on("/it", zipped([1] * 1000), says([1] * 10_000), fails(404, "CMN-102"), Reply(204, b""), says(1))

    for _ in range(5):
        transport.send(Request("GET", server.url + "/it"))

    assert server.connections == 1


def test_an_answer_that_says_only_that_one_will_come_is_none(transport: Transport) -> None:
    with Endpoint().running() as endpoint:
        endpoint.on(says_first(103, answers(200, b"1"), after=0.05), answers(404))

        told = [transport.send(Request("GET", endpoint.url)) for _ in range(2)]

    assert [(answer.status, answer.body) for answer in told] == [(200, b"1"), (404, b"")]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"x" * 5000, cut_after=0),
        Reply(body=b"x" * 5000, cut_after=4999),
        Reply(silent=True),
        Reply(drip=True, body=b" " * 10_000),
        Reply(body=b"x" * 100_001),
        Reply(headers={"Content-Encoding": "gzip"}, body=b"not compressed at all"),
    ],
    ids=["reset at once", "reset at the end", "silence", "a slow drip", "a flood", "broken compression"],
)
def test_what_is_no_answer_is_unavailable(server: Server, transport: Transport, reply: Reply) -> None:
    server.on("/it", reply)

    with pytest.raises(Unavailable):
        transport.send(Request("GET", server.url + "/it"))


@pytest.mark.parametrize(
    ("reply", "late"),
    [(Reply(silent=True), True), (Reply(drip=True, body=b" " * 9000), True), (Reply(body=b"x", cut_after=0), False)],
    ids=["silence", "a slow drip", "a reset"],
)
def test_who_takes_too_long_is_told_from_who_is_not_there(
    server: Server, transport: Transport, reply: Reply, *, late: bool
) -> None:
    server.on("/it", reply)

    with pytest.raises(Unavailable) as raised:
        transport.send(Request("GET", server.url + "/it"))

    assert raised.value.late is late


def test_a_small_answer_that_unpacks_into_a_flood_is_unavailable(server: Server) -> None:
    server.on("/it", zipped("x" * 200_000))

    with pytest.raises(Unavailable, match="too long"):
        Transport(bounds=Bounds(body=50_000)).send(Request("GET", server.url + "/it"))


def test_nobody_listening_no_such_host_and_no_tls_are_unavailable(server: Server, transport: Transport) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        refused = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        for url in (refused, "http://nowhere.invalid/", server.url.replace("http:", "https:")):
            with pytest.raises(Unavailable):
                transport.send(Request("GET", url))


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize(
    ("first", "piece"),
    [(b"", b"x"), (b"Content-Encoding: gzip\r\n\r\n" + GZIP_HEADER, EMPTY_BLOCK)],
    ids=["headers", "a body that unpacks into nothing"],
)
def test_what_drips_ends_in_time_although_no_single_wait_is_long(
    tmp_path: Path, first: bytes, piece: bytes, *, encrypted: bool
) -> None:
    authority = Authority(tmp_path)
    session = new_session()
    session.verify = str(authority.path)
    tls = authority.signed_for("localhost") if encrypted else None

    with Endpoint(tls=tls).running() as endpoint:
        endpoint.on(drips(b"HTTP/1.1 200 OK\r\n" + first, piece))
        request = Request("POST", endpoint.url.replace("127.0.0.1", "localhost"))
        with pytest.raises(Unavailable):
            Transport(session, QUICK).send(request)


def test_tls_is_believed_only_of_whom_an_authority_vouches_for_by_that_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trusting = new_session()
    trusting.verify = str(authority.path)

    with Endpoint(tls=authority.signed_for("localhost")).running() as endpoint:
        named = Request("POST", endpoint.url.replace("127.0.0.1", "localhost"))
        assert Transport(trusting).send(named).status == 200
        for session, request in ((new_session(), named), (trusting, Request("POST", endpoint.url))):
            with pytest.raises(Unavailable, match="SSLError"):
                Transport(session).send(request)


def test_redirects_are_not_followed(server: Server, transport: Transport) -> None:
    server.on("/it", Reply(302, b"", {"Location": server.url + "/elsewhere"}))

    assert transport.send(Request("GET", server.url + "/it")).status == 302
    assert server.asked("/elsewhere") == []


def test_cookies_proxies_and_netrc_are_left_alone(
    server: Server, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.on("/it", Reply(headers={"Set-Cookie": "who=acme"}))

    for _ in range(2):
        transport.send(Request("GET", server.url + "/it", {"Authorization": "Bearer secret"}))

    assert "cookie" not in server.seen[1].headers
    assert server.seen[1].headers["authorization"] == "Bearer secret"


def test_a_request_does_not_show_its_secrets() -> None:
    assert "secret" not in repr(Request("POST", "http://x/", {"Authorization": "secret"}, {}, b"secret"))
