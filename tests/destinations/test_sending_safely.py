"""The guard and the connection together: nothing reaches what was not judged, and TLS is held against the name."""

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.deliveries.attempts import Blame
from runtime.deliveries.destinations import new_secret
from tests.destinations.certificates import Authority
from tests.destinations.endpoint import Endpoint, Reply, drips, head, says
from tests.destinations.resolving import Names
from workers.destinations.sender import Sender
from workers.destinations.verdicts import Answer, Verdict

PUBLIC = "93.184.215.14"


def deliver(sender: Sender, url: str) -> Answer:
    return sender.send(url, "s-1/1", b"{}", [new_secret()], now=0)


def test_a_canary_on_this_machine_sees_no_connection(endpoint: Endpoint, a_sender: Callable[..., Sender]) -> None:
    names = Names(crm_example=["127.0.0.1"], mixed_example=[PUBLIC, "127.0.0.1"], mapped_example=["::ffff:127.0.0.1"])
    sender = a_sender(allow="10.20.0.0/16", resolve=names)
    hosts = (
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0", "localhost", "127.0.0.1."),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "a@127.0.0.1", "127.0.0.1#a"),
        *("crm.example", "mixed.example", "mapped.example", "crm.example\\@127.0.0.1"),
    )

    answers = {
        url: deliver(sender, url)
        for host in hosts
        for url in (f"http://{host}:{endpoint.port}/", f"https://{host}:{endpoint.port}/", f"https://{host}/")
    }

    told = {(answer.verdict, answer.blame) for url, answer in answers.items() if "localhost" not in url}
    assert told == {(Verdict.PERMANENT, Blame.CONFIGURATION)}
    assert Verdict.DELIVERED not in {answer.verdict for answer in answers.values()}
    assert endpoint.connections == 0


def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing(
    endpoint: Endpoint, a_sender: Callable[..., Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged as public, and then ours: the connection goes to what was judged, for nobody asks a second time."""
    dialled: list[object] = []

    def refuse(self: socket.socket, address: object) -> None:
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)  # the only way to see where a connection would have gone
    names = Names(crm_example=[PUBLIC]).then("crm.example", "127.0.0.1")
    sender = a_sender(allow="10.20.0.0/16", resolve=names)

    answer = deliver(sender, "https://crm.example/")

    assert dialled == [(PUBLIC, 443)]
    assert names.asked == ["crm.example"]
    assert (answer.verdict, answer.blame) == (Verdict.TEMPORARY, Blame.NETWORK)
    assert endpoint.connections == 0


def test_a_kept_connection_does_not_outlive_the_judgement_of_its_address(
    endpoint: Endpoint, a_sender: Callable[..., Sender]
) -> None:
    names = Names(crm_inside=["127.0.0.1"]).then("crm.inside", "10.0.0.1")
    sender = a_sender(resolve=names)
    url = f"http://crm.inside:{endpoint.port}/"

    answers = [deliver(sender, url), deliver(sender, url)]

    assert [answer.verdict for answer in answers] == [Verdict.DELIVERED, Verdict.PERMANENT]
    assert len(endpoint.got) == 1


def test_a_redirect_to_the_inside_leads_nowhere(endpoint: Endpoint, a_sender: Callable[..., Sender]) -> None:
    with Endpoint().running() as canary:
        endpoint.on(says(307, Location=canary.url))

        answer = deliver(a_sender(), endpoint.url)

        assert (answer.status, canary.connections) == (307, 0)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def over_tls(sender: Sender, tls: ssl.SSLContext, *, host: str, times: int = 1) -> tuple[Endpoint, Answer]:
    with Endpoint(tls=tls).running() as endpoint:
        answers = [deliver(sender, f"https://{host}:{endpoint.port}/") for _ in range(times)]
        sender.close()
    return endpoint, answers[-1]


def test_tls_is_held_against_the_name_and_not_the_address(
    authority: Authority, a_sender: Callable[..., Sender]
) -> None:
    asked: list[str | None] = []
    tls = authority.signed_for("crm.example")
    tls.sni_callback = lambda _, name, __: asked.append(name)
    sender = a_sender(resolve=Names(crm_example=["127.0.0.1"]), authorities=str(authority.path))

    endpoint, answer = over_tls(sender, tls, host="crm.example", times=3)

    assert answer.verdict is Verdict.DELIVERED
    assert asked == ["crm.example"]
    assert endpoint.connections == 1
    assert endpoint.got[0].headers["host"] == f"crm.example:{endpoint.port}"


@pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
def test_a_certificate_for_another_name_is_refused(
    authority: Authority, a_sender: Callable[..., Sender], host: str
) -> None:
    sender = a_sender(resolve=Names(other_example=["127.0.0.1"]), authorities=str(authority.path))

    endpoint, answer = over_tls(sender, authority.signed_for("crm.example"), host=host)

    assert (answer.verdict, answer.blame) == (Verdict.TEMPORARY, Blame.CONFIGURATION)
    assert "certificate" in str(answer.error)
    assert endpoint.got == []


def test_a_certificate_that_has_ended_or_that_nobody_vouches_for_is_refused(
    authority: Authority, a_sender: Callable[..., Sender]
) -> None:
    names = Names(crm_example=["127.0.0.1"])
    ended = authority.signed_for("crm.example", ends=datetime(2021, 1, 1, tzinfo=UTC))

    for authorities, tls in ((str(authority.path), ended), (None, authority.signed_for("crm.example"))):
        sender = a_sender(resolve=names, authorities=authorities)
        endpoint, answer = over_tls(sender, tls, host="crm.example")

        assert (answer.verdict, answer.blame, endpoint.got) == (Verdict.TEMPORARY, Blame.CONFIGURATION, [])


def test_two_names_of_one_address_share_no_connection(authority: Authority, a_sender: Callable[..., Sender]) -> None:
    names = Names(crm_example=["127.0.0.1"], other_example=["127.0.0.1"])
    sender = a_sender(resolve=names, authorities=str(authority.path))

    with Endpoint(tls=authority.signed_for("crm.example")).running() as endpoint:
        first = deliver(sender, f"https://crm.example:{endpoint.port}/")
        second = deliver(sender, f"https://other.example:{endpoint.port}/")
        sender.close()

    assert (first.verdict, second.blame) == (Verdict.DELIVERED, Blame.CONFIGURATION)
    assert len(endpoint.got) == 1


@pytest.mark.parametrize("reply", [drips(b"", b"H"), drips(head(200, Content_Length="100000"), b"x")])
def test_a_drip_over_tls_is_given_up_in_time(
    authority: Authority, a_sender: Callable[..., Sender], reply: Reply
) -> None:
    sender = a_sender(resolve=Names(crm_example=["127.0.0.1"]), authorities=str(authority.path))

    with Endpoint(tls=authority.signed_for("crm.example")).running() as endpoint:
        endpoint.on(reply)
        answer = deliver(sender, f"https://crm.example:{endpoint.port}/")

    assert (answer.verdict, answer.blame) == (Verdict.TEMPORARY, Blame.THEIRS)
    assert answer.seconds < 5


def test_a_handshake_that_never_ends_is_given_up_in_time(a_sender: Callable[..., Sender]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        answer = deliver(a_sender(), f"https://127.0.0.1:{mute.getsockname()[1]}/")

    assert answer.verdict is Verdict.TEMPORARY
    assert answer.seconds < 5


def test_what_speaks_no_tls_is_a_temporary_failure(endpoint: Endpoint, a_sender: Callable[..., Sender]) -> None:
    answer = deliver(a_sender(), endpoint.url.replace("http:", "https:"))

    assert answer.verdict is Verdict.TEMPORARY
