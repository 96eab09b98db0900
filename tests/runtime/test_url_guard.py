"""Where events may be sent, and the many spellings of where they may not."""

import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.deliveries.addresses import FORBIDDEN, parsed, why_forbidden
from runtime.deliveries.url_guard import ForbiddenAddress, NoSuchName, Target, Unresolvable, check
from runtime.setting_values import networks
from tests.destinations.resolving import Names

PUBLIC = "93.184.215.14"
NAMES = Names(crm_example=[PUBLIC], localhost=["::1", "127.0.0.1"], metadata_internal=["169.254.169.254"])

HOSTILE = (
    # this machine
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.255.255.254/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0x7f.0x0.0x0.0x1/",
    "https://0177.0.0.1/",
    "https://0177.0.0.01/",
    "https://00000127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.0.0.0x1/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://0.0.0.0/",
    "https://0/",
    "https://[::1]/",
    "https://[::]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    # clouds' metadata
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://metadata.internal/",
    "https://[fd00:ec2::254]/",
    "https://[::ffff:169.254.169.254]/",
    "https://168.63.129.16/",
    "https://100.100.100.200/",
    # private networks and the local link
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://[fc00::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[fec0::1]/",
    # for documentation, benchmarks, multicast, protocols, nobody
    "https://192.0.2.1/",
    "https://198.51.100.7/",
    "https://203.0.113.7/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://198.18.0.1/",
    "https://[2001:2::1]/",
    "https://192.0.0.192/",
    "https://192.88.99.1/",
    "https://224.0.0.1/",
    "https://[ff02::1]/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[100::1]/",
    "https://[5f00::1]/",
    # other readers read another host
    "https://crm.example@127.0.0.1/",
    "https://127.0.0.1@crm.example/",
    "https://user:word@crm.example/",
    "https://crm.example\\@127.0.0.1/",
    "https://127.0.0.1\\.crm.example/",
    "https://crm.example#@127.0.0.1/",
    "https://crm.example/#fragment",
    "https://127.0.0.1%2f.crm.example/",
    "https://crm%2eexample/",
    "https://crm.example\x00.internal/",
    "https://crm.example\r\nHost: localhost/",
    "https://crm.example/\r\nX-Injected: yes",
    "https://crm.example/a b",
    "https://crm.example\t/",
    " https://crm.example/",
    "https://crm.example/\n",
    "https://①②⑦.⓪.⓪.①/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://127。0。0。1/",
    "https://ⓛocalhost/",
    "https://bücher.example/",
    "https://crm.example./",
    "https://crm..example/",
    "https://.crm.example/",
    "https://-crm.example/",
    "https://1.2.3.4.5/",
    "https://256.256.256.256/",
    "https://crm.0x/",
    "https://[127.0.0.1]/",
    "https://[::1/",
    "https://[v1.x]/",
    "https://crm.example:443:80/",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 127 + "example/",
    "https://crm.example/" + "a" * 2048,
    # other services
    "http://crm.example/",
    "http://crm.example:443/",
    "https://crm.example:22/",
    "https://crm.example:80/",
    "https://crm.example:6379/",
    "https://crm.example:0/",
    "https://crm.example:65979/",
    "https://crm.example:-443/",
    "https://crm.example:٤٤٣/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "ftp://crm.example/",
    "redis://crm.example/",
    "//crm.example/",
    "https:crm.example",
    "https:///crm.example/",
    "https://",
    "",
)


@pytest.mark.parametrize("url", HOSTILE, ids=ascii)
def test_a_hostile_spelling_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        check(url, (), NAMES)


def test_where_a_private_network_is_allowed_the_hostile_spellings_stay_refused() -> None:
    allow = networks("10.20.0.0/16")

    for url in HOSTILE:
        with pytest.raises(ForbiddenAddress):
            check(url, allow, NAMES)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://crm.example", Target("https", "crm.example", 443, "/", (PUBLIC,))),
        ("https://CRM.example/hooks/a?b=c", Target("https", "crm.example", 443, "/hooks/a?b=c", (PUBLIC,))),
        ("https://crm.example:8443?b=c", Target("https", "crm.example", 8443, "/?b=c", (PUBLIC,))),
        ("https://crm.example/a@b%20c", Target("https", "crm.example", 443, "/a@b%20c", (PUBLIC,))),
        ("https://93.184.215.14/", Target("https", PUBLIC, 443, "/", (PUBLIC,))),
        (
            "https://[2606:2800:21f:cb07::1]/",
            Target("https", "2606:2800:21f:cb07::1", 443, "/", ("2606:2800:21f:cb07::1",)),
        ),
    ],
)
def test_the_public_internet_is_open_by_tls(url: str, target: Target) -> None:
    assert check(url, (), NAMES) == target


def test_every_address_of_a_name_is_judged() -> None:
    for others in (["10.0.0.1"], ["::1"], ["169.254.169.254"], ["fe80::1%eth0"], ["nonsense"]):
        for addresses in ([PUBLIC, *others], [*others, PUBLIC]):
            with pytest.raises(ForbiddenAddress):
                check("https://crm.example/", (), Names(crm_example=addresses))


def test_all_addresses_are_kept_in_their_order_each_once() -> None:
    names = Names(crm_example=["2606:2800:21f:cb07::1", PUBLIC, PUBLIC])

    assert check("https://crm.example/", (), names).addresses == ("2606:2800:21f:cb07::1", PUBLIC)


def test_a_name_is_resolved_once_and_a_number_never() -> None:
    names = Names(crm_example=[PUBLIC])

    check("https://crm.example/", (), names)
    check("https://93.184.215.14/", (), names)

    assert names.asked == ["crm.example"]


def test_what_is_refused_by_its_spelling_is_not_even_resolved() -> None:
    names = Names(crm_example=[PUBLIC])

    for url in ("https://crm.example./", "http://crm.example/", "https://crm.example:22/"):
        with pytest.raises(ForbiddenAddress):
            check(url, (), names)

    assert names.asked == []


def test_an_allowed_network_may_be_reached_without_tls_and_on_any_port() -> None:
    allow = networks("127.0.0.0/8,fd12::/16")
    names = Names(crm_inside=["127.0.0.9", "fd12::9"], mixed_example=["127.0.0.9", PUBLIC])

    assert check("http://127.0.0.1:8081/x", allow, names).addresses == ("127.0.0.1",)
    assert check("http://crm.inside/", allow, names).port == 80
    for url in ("http://mixed.example/", "https://mixed.example:22/", "http://[::1]/", "http://10.0.0.1/"):
        with pytest.raises(ForbiddenAddress):
            check(url, allow, names)
    assert check("https://mixed.example/", allow, names).addresses == ("127.0.0.9", PUBLIC)


@pytest.mark.parametrize("port", [0, 65536, 99999])
def test_there_is_no_such_port_in_an_allowed_network_either(port: int) -> None:
    with pytest.raises(ForbiddenAddress, match=f"no port {port}"):
        check(f"http://10.0.0.1:{port}/", networks("10.0.0.0/8"), NAMES)

    assert check("http://10.0.0.1:65535/", networks("10.0.0.0/8"), NAMES).port == 65535


def test_an_address_with_a_zone_is_in_no_network_that_is_allowed() -> None:
    names = Names(crm_inside=["fe80::1%eth0"])

    with pytest.raises(ForbiddenAddress):
        check("http://crm.inside/", networks("fe80::/10"), names)


def test_a_name_without_an_address_is_not_forbidden() -> None:
    def silent(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    with pytest.raises(NoSuchName):
        check("https://nowhere.example/", (), NAMES)
    for resolve in (silent, Names(nowhere_example=[])):
        with pytest.raises(Unresolvable) as problem:
            check("https://nowhere.example/", (), resolve)
        assert not isinstance(problem.value, NoSuchName)


def test_the_host_header_names_the_port_where_it_is_not_the_schemes_own() -> None:
    assert check("https://crm.example/", (), NAMES).authority == "crm.example"
    assert check("https://crm.example:8443/", (), NAMES).authority == "crm.example:8443"
    assert check("http://[::1]:80/", networks("::1"), NAMES).authority == "[::1]"
    assert check("http://[::1]:81/", networks("::1"), NAMES).authority == "[::1]:81"


@pytest.mark.parametrize("network", [network for network, _ in FORBIDDEN], ids=str)
def test_the_first_and_the_last_address_of_a_forbidden_network_are_refused(network: Any) -> None:
    assert why_forbidden(network[0]) is not None
    assert why_forbidden(network[-1]) is not None


@given(st.ip_addresses())
def test_what_python_takes_for_local_is_refused(address: Any) -> None:
    assert address.is_global or why_forbidden(address) is not None


@given(st.text(st.characters(max_codepoint=127)) | st.text())
def test_no_text_at_all_makes_the_guard_stumble(text: str) -> None:
    for url in (text, "https://" + text, "https://" + text + "@crm.example/", "https://crm.example/" + text):
        try:
            target = check(url, (), NAMES)
        except (ForbiddenAddress, Unresolvable):
            continue
        assert all(why_forbidden(one) is None for one in map(parsed, target.addresses) if one is not None)
