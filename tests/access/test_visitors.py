"""From where somebody comes: by what is known of the connection, and by what a proxy of ours tells."""

import pytest
from flask import Request
from werkzeug.test import create_environ

from web.access.visitors import address_of

STRANGER = "198.51.100.7"


def address(peer: str, *told: str) -> str:
    headers = [("X-Forwarded-For", one) for one in told]
    return address_of(Request(create_environ(headers=headers, environ_overrides={"REMOTE_ADDR": peer})))


@pytest.mark.parametrize(
    "peer", ["10.0.0.7", "::ffff:10.0.0.7", "127.0.0.1", "::1", "fd00::7", "fe80::7%eth0", "100.64.0.9"]
)
def test_a_proxy_within_our_network_is_believed_whoever_s_network_it_is(peer: str) -> None:
    assert address(peer, f"10.9.9.9, {STRANGER}") == STRANGER


@pytest.mark.parametrize("peer", ["93.184.215.14", "::ffff:93.184.215.14", "::FFFF:5db8:d70e"])
def test_nobody_is_believed_who_comes_from_the_public_internet(peer: str) -> None:
    assert address(peer, STRANGER) == "93.184.215.14"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("198.51.100.7:4711", STRANGER),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:198.51.100.7", STRANGER),
        ("[::ffff:198.51.100.7]:4711", STRANGER),
        ("::1%a text of anybody's", "10.0.0.7"),
        ("unknown", "10.0.0.7"),
        ("", "10.0.0.7"),
    ],
)
def test_an_address_has_one_spelling_and_no_port_and_what_is_none_is_not_taken(told: str, expected: str) -> None:
    assert address("10.0.0.7", told) == expected
