"""Whose requests are taken for RingCentral's, and what is echoed to anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.verification import Verifier, may_be_echoed


@pytest.mark.parametrize("tokens", [(), ("",), ("token", "")])
def test_an_account_without_a_token_is_refused_before_it_accepts_everybody(tokens: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="anybody"):
        Verifier(tokens)


def test_a_missing_header_is_never_right() -> None:
    assert not Verifier(("token",)).accepts(None)


@given(st.text(min_size=1), st.text())
def test_only_the_token_itself_is_right(token: str, given: str) -> None:
    assert Verifier((token,)).accepts(as_wsgi_hands_it_over(token))
    assert Verifier((token,)).accepts(as_wsgi_hands_it_over(given)) == (given == token)


def as_wsgi_hands_it_over(header: str) -> str:
    return header.encode("utf-8", "surrogatepass").decode("latin-1")


@given(st.text())
def test_nothing_that_could_end_a_header_is_echoed(text: str) -> None:
    assert not (may_be_echoed(text) and set(text) & set('\r\n\0\t "<>;,'))


@pytest.mark.parametrize("text", ["a\n", "a\r\nb: c", "", "x" * 513, "ü", "a b"])
def test_what_is_no_handshake_token_is_not_echoed(text: str) -> None:
    assert not may_be_echoed(text)
