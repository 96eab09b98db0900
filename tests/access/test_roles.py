"""Which token may do what."""

import pytest

from web.access.roles import Role, Tokens, may

BOTH = Tokens("of-the-admin", "of-the-reader")


@pytest.mark.parametrize(
    ("given", "role"),
    [
        (b"of-the-admin", Role.ADMIN),
        (b"of-the-reader", Role.READER),
        (b"of-the-admi", None),
        (b"of-the-admin ", None),
        (b"", None),
        (b"None", None),
    ],
)
def test_each_token_gives_its_role_and_no_other_text_does(given: bytes, role: Role | None) -> None:
    assert BOTH.role_of(given) is role


@pytest.mark.parametrize("tokens", [Tokens(None), Tokens(""), Tokens(None, "of-the-reader"), Tokens("a", None)])
def test_an_empty_token_is_nobodys(tokens: Tokens) -> None:
    assert tokens.role_of(b"") is None


def test_without_a_token_of_the_admin_a_reader_is_not_let_in_either() -> None:
    assert Tokens(None, "of-the-reader").role_of(b"of-the-reader") is None


def test_whatever_was_signed_ends_with_either_token() -> None:
    keys = {tokens.key_for("sessions") for tokens in (BOTH, Tokens("of-the-admin"), Tokens("other", "of-the-reader"))}

    assert len(keys) == 3
    assert BOTH.key_for("forms") not in keys


def test_a_reader_may_only_look() -> None:
    assert [method for method in ("GET", "HEAD", "POST", "PATCH", "DELETE", "PURGE") if may(Role.READER, method)] == [
        "GET",
        "HEAD",
    ]
    assert may(Role.ADMIN, "DELETE")


def test_tokens_are_not_shown() -> None:
    assert "of-the" not in repr(BOTH)
