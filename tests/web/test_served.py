"""What only a real server shows: bytes on the wire, and a Redis that is frozen, killed and back."""

import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.watchdog import Watchdog
from tests.simulator.waiting import wait_until
from tests.web.api_client import ADMIN
from tests.web.posting import BODY
from tests.web.served import CUT_OFF, Served, request, serve, status
from web.body import MAX_BODY
from web.connections import allow_many

CHUNKED = "Transfer-Encoding: chunked"
LAST_CHUNK = b"0\r\n\r\n"
LARGEST_REPLY = 1024
EVERYBODY = 40  # more than the server has threads for storing
SLOW_CLIENTS = 150
SILENT_CLIENTS = 1200


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


@contextmanager
def frozen(served: Served) -> Iterator[None]:
    os.kill(served.server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(served.server.pid, signal.SIGCONT)


def at_once(many: int, send: Callable[[], bytes]) -> list[int]:
    with ThreadPoolExecutor(many) as pool:
        return [status(reply) for reply in pool.map(lambda _: send(), range(many))]


def test_a_chunked_body_is_stored_whole(served: Served) -> None:
    before = served.stored()

    reply = served.send(request(b"", CHUNKED), chunks(BODY[:9], BODY[9:]))

    assert status(reply) == 200
    assert served.stored() == before + 1


def test_a_chunked_body_that_grows_too_large_is_refused_not_cut(served: Served) -> None:
    before = served.stored()

    reply = served.send(request(b"", CHUNKED), chunks(b"x" * MAX_BODY, b"x"))

    assert status(reply) == 413
    assert served.stored() == before


def test_a_sender_that_goes_away_leaves_nothing_behind(served: Served) -> None:
    before = served.stored()

    with served.connect() as connection:
        connection.sendall(request(b"", "Content-Length: 100") + b"half")

    assert status(served.send(request())) == 200
    assert served.stored() == before + 1


def test_a_chunked_body_whose_sender_goes_away_is_not_stored_in_half(served: Served) -> None:
    before = served.stored()

    with served.connect() as connection:
        connection.sendall(request(b"", CHUNKED) + chunks(BODY[:9], BODY[9:])[: -len(LAST_CHUNK) - 4])
        connection.shutdown(socket.SHUT_WR)
        told = connection.recv(65536)

    assert told == CUT_OFF or status(told) == 400
    assert status(served.send(request())) == 200
    assert served.stored() == before + 1


def test_a_reply_with_all_its_headers_stays_below_what_ringcentral_reads(served: Served) -> None:
    longest = "x" * 512

    reply = served.send(request(b"", f"Validation-Token: {longest}"))

    assert f"Validation-Token: {longest}".lower().encode() in reply.lower()
    assert len(reply) < LARGEST_REPLY


def test_a_handshake_that_tells_no_length_brings_no_notification(served: Served) -> None:
    before = served.stored()
    shaking = request(b"", "Validation-Token: hand.shake")

    reply = served.send(shaking.replace(b"Content-Length: 0\r\n", b""))

    assert b"validation-token: hand.shake" in reply.lower()
    assert (status(reply), served.stored()) == (200, before)


def test_a_stranger_is_refused_before_sending_the_body(served: Served) -> None:
    reply = served.send(request(b"", "Content-Length: 1000", token="wrong"))

    assert status(reply) == 401


@pytest.mark.parametrize(
    "begun",
    [request(b"{", "Content-Length: 1000"), request(b"", "Content-Length: 1000")[:40]],
    ids=["bodies", "headers"],
)
def test_slow_clients_keep_no_other_waiting(served: Served, begun: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(SLOW_CLIENTS):
            stack.enter_context(served.connect()).sendall(begun)

        assert set(at_once(EVERYBODY, lambda: served.send(request()))) == {200}


def test_connections_that_say_nothing_keep_no_other_waiting(served: Served) -> None:
    allow_many()
    with ExitStack() as stack:
        for _ in range(SILENT_CLIENTS):
            stack.enter_context(served.connect())

        assert set(at_once(EVERYBODY, lambda: served.send(request()))) == {200}


def test_http_2_is_not_spoken(served: Served) -> None:
    reply = served.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))

    assert reply == b"" or status(reply) == 400  # and no settings, after which all would be waited for


def test_headers_are_not_kept_without_end(served: Served) -> None:
    reply = served.send(b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 40_000)

    assert status(reply) == 431


def test_what_is_not_a_notification_is_answered_by_flask_in_a_thread(served: Served) -> None:
    ready = served.send(b"GET /%72eadyz?x=%41 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    missing = served.send(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nX: \xff\r\nConnection: close\r\n\r\n")
    plain = served.send("GET /healthz?q=東京 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

    assert (status(ready), status(plain)) == (200, 200)
    assert b'"ready":true' in ready
    assert status(missing) == 404


def test_everybody_is_told_to_come_again_while_redis_is_frozen(served: Served) -> None:
    served.send(request())
    before = served.stored()

    with frozen(served):
        answers = at_once(EVERYBODY, lambda: served.send(request()))
        handshake = served.send(request(b"", "Validation-Token: hand.shake"))

    assert set(answers) == {503}
    assert status(handshake) == 200
    wait_until(lambda: status(served.send(request())) == 200)
    assert served.stored() > before


def test_a_killed_redis_costs_what_was_in_flight_and_nothing_else(served: Served) -> None:
    acknowledged = served.stored() + at_once(EVERYBODY, lambda: served.send(request())).count(200)

    served.server.kill()
    refused = at_once(EVERYBODY, lambda: served.send(request()))
    served.server.start()
    back = at_once(EVERYBODY, lambda: served.send(request()))

    assert set(refused) == {503}
    assert set(back) == {200}
    assert served.stored() == acknowledged + EVERYBODY


def test_who_watches_holds_up_no_stop_and_is_sent_away_in_good_order(tmp_path: Path, watchdog: Watchdog) -> None:
    with (
        EmbeddedRedis(tmp_path / "redis", watchdog=watchdog) as server,
        serve(server, tmp_path, watchdog, ADMIN_TOKEN=ADMIN) as served,
        served.connect() as watching,
    ):
        watching.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\nCookie: %b\r\n\r\n" % log_in(served))
        assert status(watching.recv(65536)) == 200
        os.kill(served.leader, signal.SIGTERM)
        watching.settimeout(10)
        told = b"".join(iter(lambda: watching.recv(65536), CUT_OFF))

    assert told.endswith(LAST_CHUNK)  # granian waits three seconds for whoever is being answered, then kills


def log_in(served: Served) -> bytes:
    form = b"password=" + ADMIN.encode()
    head = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\nConnection: close"
    reply = served.send(f"POST /login HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode(), form)
    cookie = re.search(rb"set-cookie: ([^;]+)", reply, re.IGNORECASE)
    assert cookie
    return cookie[1]
