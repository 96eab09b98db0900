"""One attempt over a real connection: what is sent, and what becomes of every kind of answer."""

import errno
import gzip
import os
import socket
import threading
import time
from collections.abc import Callable

import pytest
from standardwebhooks.webhooks import Webhook

from runtime.deliveries.attempts import Blame
from runtime.deliveries.destinations import new_secret
from tests.destinations.conftest import Send
from tests.destinations.endpoint import (
    Endpoint,
    Reply,
    closes_afterwards,
    drips,
    floods,
    head,
    says,
    says_exactly,
    says_first,
    silence,
    writes,
)
from tests.destinations.resolving import Names
from workers.destinations.sender import MOST_READ, Sender
from workers.destinations.verdicts import Verdict, judge_error


def test_an_event_goes_out_whole_signed_and_with_our_name(endpoint: Endpoint, a_sender: Callable[..., Sender]) -> None:
    old, new = new_secret(), new_secret()

    answer = a_sender().send(endpoint.url + "?a=b", "s-1/2", b'{"a": 1}', [new, old], now=1_700_000_000)

    assert (answer.verdict, answer.status, answer.blame, answer.error) == (Verdict.DELIVERED, 200, None, None)
    (got,) = endpoint.got
    assert (got.line, got.body) == ("POST /hook?a=b HTTP/1.1", b'{"a": 1}')
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"].startswith("Legwork/")
    assert got.headers["accept-encoding"] == "identity"
    assert got.headers["host"] == f"127.0.0.1:{endpoint.port}"
    assert (got.headers["webhook-id"], got.headers["webhook-timestamp"]) == ("s-1/2", "1700000000")
    assert len(got.headers["webhook-signature"].split()) == 2


@pytest.mark.parametrize("lacks", [errno.EMFILE, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.ENETUNREACH])
def test_what_this_machine_lacks_is_not_charged_to_the_endpoint(lacks: int) -> None:
    wrapped = ConnectionError("it could not be sent")
    wrapped.__cause__ = OSError(lacks, os.strerror(lacks))

    verdict, blame, what = judge_error(wrapped)

    assert (verdict, blame) == (Verdict.TEMPORARY, Blame.OURS)
    assert os.strerror(lacks) in what


def test_what_arrives_verifies_with_the_official_library(endpoint: Endpoint, a_sender: Callable[..., Sender]) -> None:
    secret = new_secret()

    a_sender().send(endpoint.url, "s-1/2", '{"name": "Zoë"}'.encode(), [secret], now=time.time())

    (got,) = endpoint.got
    Webhook(secret).verify(got.body, dict(got.headers))


@pytest.mark.parametrize(
    ("status", "verdict", "blame"),
    [
        (200, Verdict.DELIVERED, None),
        (202, Verdict.DELIVERED, None),
        (204, Verdict.DELIVERED, None),
        (299, Verdict.DELIVERED, None),
        (301, Verdict.TEMPORARY, Blame.CONFIGURATION),
        (304, Verdict.TEMPORARY, Blame.CONFIGURATION),
        (308, Verdict.TEMPORARY, Blame.CONFIGURATION),
        (400, Verdict.TEMPORARY, Blame.THEIRS),
        (401, Verdict.TEMPORARY, Blame.CONFIGURATION),
        (403, Verdict.TEMPORARY, Blame.CONFIGURATION),
        (404, Verdict.TEMPORARY, Blame.CONFIGURATION),
        (408, Verdict.TEMPORARY, Blame.THEIRS),
        (410, Verdict.GONE, Blame.THEIRS),
        (413, Verdict.TEMPORARY, Blame.CONFIGURATION),
        (418, Verdict.TEMPORARY, Blame.THEIRS),
        (422, Verdict.TEMPORARY, Blame.THEIRS),
        (425, Verdict.TEMPORARY, Blame.THEIRS),
        (429, Verdict.TEMPORARY, Blame.THEIRS),
        (500, Verdict.TEMPORARY, Blame.THEIRS),
        (503, Verdict.TEMPORARY, Blame.THEIRS),
        (599, Verdict.TEMPORARY, Blame.THEIRS),
        (600, Verdict.TEMPORARY, Blame.THEIRS),
        (999, Verdict.TEMPORARY, Blame.THEIRS),
    ],
)
def test_a_status_has_its_verdict(
    endpoint: Endpoint, send: Send, status: int, verdict: Verdict, blame: Blame | None
) -> None:
    endpoint.on(says(status))

    answer = send()

    assert (answer.status, answer.verdict, answer.blame) == (status, verdict, blame)


@pytest.mark.parametrize("interim", [100, 102, 103])
def test_an_answer_that_says_only_that_one_will_come_is_none_nor_is_the_next_event_given_that_one(
    endpoint: Endpoint, send: Send, interim: int
) -> None:
    endpoint.on(says_first(interim, says(200, b"taken"), after=0.05), says(500, b"refused"))

    answers = [send(), send()]

    assert [(answer.status, answer.excerpt) for answer in answers] == [(200, "taken"), (500, "refused")]
    assert endpoint.connections == 1


@pytest.mark.parametrize("body", [b"", b"0\r\n\r\n"], ids=["none", "an empty one"])
def test_no_content_is_a_whole_answer_whatever_it_says_of_a_body(endpoint: Endpoint, send: Send, body: bytes) -> None:
    endpoint.on(says_exactly(head(204, Transfer_Encoding="chunked"), body))

    answers = [send() for _ in range(3)]

    assert [(answer.verdict, answer.status) for answer in answers] == [(Verdict.DELIVERED, 204)] * 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "120"}, 120),
        ({"Retry_After": "Fri, 31 Dec 1999 23:59:59 GMT", "Date": "Fri, 31 Dec 1999 23:58:59 GMT"}, 60),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-1"}, None),
        ({"Retry_After": "1e999"}, None),
        ({}, None),
    ],
)
def test_what_they_ask_us_to_wait_is_passed_on(
    endpoint: Endpoint, send: Send, headers: dict[str, str], seconds: float | None
) -> None:
    endpoint.on(says(503, b"", **headers))

    assert send().retry_after == seconds


@pytest.mark.parametrize("location", ["http://127.0.0.1:9/", "http://169.254.169.254/", "/elsewhere", "//x"])
def test_a_redirect_is_a_failure_and_is_not_followed(endpoint: Endpoint, send: Send, location: str) -> None:
    endpoint.on(says(302, Location=location))

    answer = send()

    assert (answer.verdict, answer.status) == (Verdict.TEMPORARY, 302)
    assert len(endpoint.got) == 1


def test_the_beginning_of_what_they_say_is_kept(endpoint: Endpoint, send: Send) -> None:
    endpoint.on(says(500, b"<h1>Oh n\xf6</h1>" + b"." * 5000))

    excerpt = send().excerpt

    assert excerpt.startswith("<h1>Oh n\N{REPLACEMENT CHARACTER}</h1>...")
    assert len(excerpt) == 1000


def test_connections_are_kept_whatever_the_answer(endpoint: Endpoint, send: Send) -> None:
    endpoint.on(says(200, b"x" * 5000), says(204), says(500, b"no"), says(302), says(200))

    for _ in range(6):
        send()

    assert (endpoint.connections, len(endpoint.got)) == (1, 6)


def test_a_kept_connection_that_was_closed_costs_no_attempt(endpoint: Endpoint, send: Send) -> None:
    endpoint.on(closes_afterwards(says(200)))

    answers = [send() for _ in range(20)]

    assert {answer.verdict for answer in answers} == {Verdict.DELIVERED}
    assert len(endpoint.got) == 20


def test_a_kept_connection_that_is_cut_while_it_is_used_again_costs_no_attempt(endpoint: Endpoint, send: Send) -> None:
    endpoint.on(says(200), writes(then_reset=True), says(200))

    assert [send().verdict for _ in range(2)] == [Verdict.DELIVERED] * 2
    assert (endpoint.connections, len(endpoint.got)) == (2, 3)


def test_a_connection_made_anew_that_is_cut_is_not_tried_again(endpoint: Endpoint, send: Send) -> None:
    endpoint.on(closes_afterwards(says(200)), writes(then_reset=True))

    send()
    while not endpoint.idle:
        time.sleep(0.001)
    answer = send()

    assert (answer.verdict, len(endpoint.got)) == (Verdict.TEMPORARY, 2)


def test_a_new_connection_that_is_cut_is_not_tried_again(endpoint: Endpoint, send: Send) -> None:
    endpoint.on(writes(then_reset=True))

    answer = send()

    assert (answer.verdict, answer.blame, answer.status) == (Verdict.TEMPORARY, Blame.NETWORK, None)
    assert len(endpoint.got) == 1


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = head(200, Transfer_Encoding="chunked")
NASTY: dict[str, tuple[Reply, Blame]] = {
    "silence": (silence, Blame.THEIRS),
    "a status line that drips": (drips(b"", b"H"), Blame.THEIRS),
    "headers that drip": (drips(OK, b"X"), Blame.THEIRS),
    "many small headers that drip": (drips(OK, b"X: y\r\n"), Blame.THEIRS),
    "a body that drips": (drips(head(200, Content_Length="100000"), b"x"), Blame.THEIRS),
    "chunks that drip": (drips(CHUNKED, b"1\r\nx\r\n"), Blame.THEIRS),
    "a body without an end that drips": (drips(head(200), b"x"), Blame.THEIRS),
    "endless interim answers": (floods(b"", head(100)), Blame.THEIRS),
    "endless interim answers of another kind": (floods(b"", head(103, Link="x" * 1000)), Blame.THEIRS),
    "interim answers that drip": (drips(b"", head(102)), Blame.THEIRS),
    "an interim answer and no other": (writes(head(102)), Blame.NETWORK),
    "one endless header": (floods(OK + b"X: ", b"x" * 65536), Blame.THEIRS),
    "endless headers": (floods(OK, b"X: " + b"x" * 60000 + b"\r\n"), Blame.THEIRS),
    "endless small headers": (floods(OK, b"X: y\r\n"), Blame.THEIRS),
    "reset at once": (writes(then_reset=True), Blame.NETWORK),
    "closed at once": (writes(), Blame.NETWORK),
    "200 and reset": (writes(head(200, Content_Length="10"), then_reset=True), Blame.NETWORK),
    "200 and reset amid the body": (writes(head(200, Content_Length="10"), b"12345", then_reset=True), Blame.NETWORK),
    "200 and closed amid the body": (writes(head(200, Content_Length="10"), b"12345"), Blame.NETWORK),
    "200 and closed amid the chunks": (writes(CHUNKED, b"5\r\nabc"), Blame.NETWORK),
    "a status line cut short": (writes(b"HTTP/1.1 2"), Blame.THEIRS),
    "a broken chunk": (writes(CHUNKED, b"zz\r\nabc\r\n"), Blame.NETWORK),
    "not HTTP": (writes(b"220 mail.example ESMTP\r\n"), Blame.THEIRS),
    "no number for a status": (writes(b"HTTP/1.1 OK OK\r\n\r\n"), Blame.THEIRS),
}


@pytest.mark.parametrize(("reply", "blame"), NASTY.values(), ids=NASTY.keys())
def test_what_is_no_whole_answer_is_a_temporary_failure_in_time(
    endpoint: Endpoint, send: Send, reply: Reply, blame: Blame
) -> None:
    endpoint.on(reply, says(200))

    answer = send()
    after = send()

    assert answer.verdict is Verdict.TEMPORARY
    assert answer.blame is blame, answer
    assert answer.error
    assert answer.seconds < 5
    assert after.verdict is Verdict.DELIVERED


PLENTY: dict[str, Reply] = {
    "a gigabyte": floods(head(200, Content_Length=str(1 << 30)), b"x" * 65536),
    "a gigabyte of chunks": floods(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "a gigabyte without a length": floods(head(200), b"x" * 65536),
    "a packed gigabyte": floods(head(200, Content_Encoding="gzip"), gzip.compress(b"\0" * (1 << 24))),
}


@pytest.mark.parametrize("reply", PLENTY.values(), ids=PLENTY.keys())
def test_of_a_flood_only_the_beginning_is_read(endpoint: Endpoint, send: Send, reply: Reply) -> None:
    endpoint.on(reply, says(200))

    answer = send()
    after = send()

    assert (answer.verdict, after.verdict) == (Verdict.DELIVERED, Verdict.DELIVERED)
    assert endpoint.written < 64 << 20  # what the machine's own buffers hold
    assert endpoint.connections == 2


def test_a_small_packed_answer_is_not_unpacked(endpoint: Endpoint, send: Send) -> None:
    bomb = gzip.compress(b"\0" * (MOST_READ * 500))
    endpoint.on(says(200, bomb, Content_Encoding="gzip"), says(200, b"not packed at all", Content_Encoding="gzip"))

    assert send().excerpt == f"({len(bomb)} bytes or more, packed)"
    assert send().verdict is Verdict.DELIVERED


def test_huge_headers_are_no_obstacle_up_to_a_limit(endpoint: Endpoint, send: Send) -> None:
    endpoint.on(says(200, X="x" * 60000), says(200, X="x" * 70000), says(200, X="x" * 60000, Y="y" * 60000))

    assert [send().verdict for _ in range(3)] == [Verdict.DELIVERED, Verdict.TEMPORARY, Verdict.TEMPORARY]


def test_nobody_listening_is_the_networks_fault(send: Send) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))

        answer = send(url=f"http://127.0.0.1:{nobody.getsockname()[1]}/")

    assert (answer.verdict, answer.blame) == (Verdict.TEMPORARY, Blame.NETWORK)
    assert "Connection refused" in str(answer.error)


def test_a_listener_that_does_not_accept_is_given_up_in_time(send: Send) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first, socket.socket() as next_:
        for one in (first, next_):
            one.settimeout(0)
            one.connect_ex(full.getsockname())

        answer = send(url=f"http://127.0.0.1:{full.getsockname()[1]}/")

    assert (answer.verdict, answer.blame) == (Verdict.TEMPORARY, Blame.NETWORK)
    assert answer.seconds < 5


def test_the_next_address_is_tried_where_one_does_not_listen(
    endpoint: Endpoint, a_sender: Callable[..., Sender]
) -> None:
    names = Names(crm_inside=["127.0.0.2", "127.0.0.1"])
    url = f"http://crm.inside:{endpoint.port}/hook"

    answer = a_sender(resolve=names).send(url, "s-1/1", b"{}", [new_secret()], now=0)

    assert answer.verdict is Verdict.DELIVERED
    assert endpoint.got[0].headers["host"] == f"crm.inside:{endpoint.port}"


def test_no_other_address_is_tried_once_one_has_been_sent_the_event(
    endpoint: Endpoint, a_sender: Callable[..., Sender]
) -> None:
    names = Names(crm_inside=["127.0.0.1", "127.0.0.2"])
    endpoint.on(writes(then_reset=True))

    with socket.create_server(("127.0.0.2", endpoint.port)) as next_:
        next_.settimeout(0.1)
        url = f"http://crm.inside:{endpoint.port}/hook"
        answer = a_sender(resolve=names).send(url, "s-1/1", b"{}", [new_secret()], now=0)

        with pytest.raises(TimeoutError):
            next_.accept()

    assert (answer.verdict, len(endpoint.got)) == (Verdict.TEMPORARY, 1)


def test_a_kept_connection_may_bring_as_much_with_each_answer(endpoint: Endpoint, send: Send) -> None:
    endpoint.on(says(200, b"x" * (MOST_READ // 2)))

    assert [send().verdict for _ in range(20)] == [Verdict.DELIVERED] * 20
    assert endpoint.connections == 1


def test_of_an_answer_that_was_cut_short_the_status_is_told(endpoint: Endpoint, send: Send) -> None:
    endpoint.on(writes(head(200, Content_Length="10"), b"half"))

    answer = send()

    assert (answer.verdict, answer.status) == (Verdict.TEMPORARY, 200)


def test_a_name_that_does_not_exist_is_a_matter_of_configuration(a_sender: Callable[..., Sender]) -> None:
    answer = a_sender(resolve=Names()).send("https://crm.example/", "s-1/1", b"{}", [new_secret()], now=0)

    assert (answer.verdict, answer.blame) == (Verdict.TEMPORARY, Blame.CONFIGURATION)


def test_without_a_secret_nothing_leaves_and_it_is_our_fault(
    endpoint: Endpoint, a_sender: Callable[..., Sender]
) -> None:
    for secrets in ([], ["whsec_"]):
        answer = a_sender().send(endpoint.url, "s-1/1", b"{}", secrets, now=0)

        assert (answer.verdict, answer.blame) == (Verdict.TEMPORARY, Blame.OURS)

    assert endpoint.connections == 0


def test_many_threads_may_send_at_once(endpoint: Endpoint, send: Send) -> None:
    answers: list[Verdict] = []

    def some() -> None:
        answers.extend(send(event_id=f"{threading.get_ident()}/{number}").verdict for number in range(25))

    threads = [threading.Thread(target=some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [Verdict.DELIVERED] * 200
    assert len({got.headers["webhook-id"] for got in endpoint.got}) == 200
    assert endpoint.connections <= 8


def test_proxies_netrc_and_cookies_are_left_alone(
    endpoint: Endpoint, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    endpoint.on(says(200, Set_Cookie="who=acme"))

    answers = [send(), send()]

    assert [answer.verdict for answer in answers] == [Verdict.DELIVERED] * 2
    assert "cookie" not in endpoint.got[1].headers
    assert "authorization" not in endpoint.got[1].headers


def test_no_log_tells_the_url_which_may_hold_a_token(
    endpoint: Endpoint, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.on(writes(b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n"), silence)

    with caplog.at_level("INFO"):
        send(url=endpoint.url + "?token=secret")
        failed = send(url=endpoint.url + "?token=secret")

    assert "secret" not in caplog.text
    assert "secret" not in str(failed.error)
