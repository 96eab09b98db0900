"""The URL of a destination is judged when it is saved."""

import socket
from typing import Any

import pytest

from runtime.deliveries.destination_urls import why_not
from runtime.setting_values import networks


def nowhere(*_: object, **__: object) -> list[tuple[Any, ...]]:
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def inside(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", port))]


@pytest.mark.parametrize("url", ["https://93.184.215.14/hook", "https://93.184.215.14:8443/?a=b"])
def test_a_public_address_by_tls_may_be_saved(url: str) -> None:
    assert why_not(url, ()) is None


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("http://93.184.215.14/", "https://"),
        ("https://93.184.215.14:6379/", "port"),
        ("https://169.254.169.254/latest/meta-data", "metadata"),
        ("https://127.0.0.1/", "this machine"),
        ("https://2130706433/", "spelling"),
        ("https://user@crm.example/", "user name"),
        ("", "https://"),
    ],
)
def test_what_leads_elsewhere_is_refused_with_its_reason(url: str, because: str) -> None:
    assert because in (why_not(url, ()) or "")


def test_a_name_is_judged_by_what_it_leads_to() -> None:
    assert "10.0.0.7" in (why_not("https://crm.example/", (), inside) or "")
    assert why_not("https://crm.example/", networks("10.0.0.0/8"), inside) is None


def test_a_name_that_does_not_exist_is_refused() -> None:
    assert "crm.example" in (why_not("https://crm.example/", (), nowhere) or "")
