"""What is done about the subscriptions there are: which is kept, made, renewed, deleted, and which are left alone."""

from datetime import timedelta
from typing import Any

import pytest

from telephony.subscriptions import LIFETIME, REMINDER, RENEWED_BEFORE, Health, Plan, Seen, filters, plan
from tests.builders.notifications import second

NOW = second(0)
OURS, THEIRS = "https://legwork.example/webhooks/ringcentral", "https://other.example/hook"
OF_ACCOUNT, OF_EXTENSION = filters(company=True)[0], filters(company=False)[0]


def one(name: str, *, left: float | None = LIFETIME, **fields: Any) -> Seen:
    """Build a subscription; without more it delivers all calls of the account to us, and was made just now."""
    expires_at = None if left is None else NOW + timedelta(seconds=left)
    return Seen(
        name, **{"status": "Active", "address": OURS, "filters": (OF_ACCOUNT, REMINDER)} | fields, expires_at=expires_at
    )


def planned(*seen: Seen, **asked: Any) -> Plan:
    usual: dict[str, Any] = {
        "addresses": (OURS,),
        "company": True,
        "known": None,
        "is_current": True,
        "reminded": False,
        "now": NOW,
    }
    return plan(seen, **usual | asked)


def names(seen: tuple[Seen, ...]) -> list[str]:
    return [each.id for each in seen]


def kept(made: Plan) -> str | None:
    return made.keep.id if made.keep else None


@pytest.mark.parametrize(
    ("known", "keeps", "deletes"),
    [
        ("short", "short", ["long", "endless"]),
        (None, "endless", ["short", "long"]),
        ("gone", "endless", ["short", "long"]),
    ],
)
def test_of_several_the_one_we_made_is_kept_or_else_the_one_that_lasts_longest(
    known: str | None, keeps: str, deletes: list[str]
) -> None:
    made = planned(one("short", left=400_000), one("long"), one("endless", left=None), known=known)

    assert (kept(made), made.create, names(made.delete_after)) == (keeps, False, deletes)


def test_those_that_do_not_deliver_go_before_another_is_made_and_those_that_do_after_it() -> None:
    old, dead = one("old"), one("dead", status="Blacklisted")

    made = planned(old, dead, known="old", is_current=False)

    assert (made.health, kept(made), made.create) == (Health.ACTIVE, None, True)
    assert (names(made.delete_first), names(made.delete_after)) == (["dead"], ["old"])


@pytest.mark.parametrize("company", [True, False])
def test_one_that_tells_of_others_calls_is_replaced(*, company: bool) -> None:
    right, wrong = (OF_ACCOUNT, OF_EXTENSION) if company else (OF_EXTENSION, OF_ACCOUNT)

    made = planned(one("narrow", filters=(wrong,)), company=company)

    assert (made.health, made.create, names(made.delete_after)) == (Health.MISSING, True, ["narrow"])
    named = right.replace("~", "400131426008", 1)  # as RingCentral writes it
    assert kept(planned(one("named", filters=(named,)), company=company)) == "named"


def test_what_is_not_about_calls_or_goes_to_others_is_left_alone() -> None:
    elsewhere, other = one("elsewhere", address=THEIRS), one("other", filters=("/restapi/v1.0/account/~/presence",))

    made = planned(elsewhere, other, one("ours"), known="ours")

    assert (kept(made), made.delete_first, made.delete_after) == ("ours", (), ())
    assert names(made.foreign) == ["elsewhere"]


def test_one_that_was_to_be_deleted_is_though_another_is_the_one_we_made_by_now() -> None:
    made = planned(one("moved", address=THEIRS), one("ours"), known="ours", leaving=("moved", "gone"))

    assert (kept(made), made.create, made.foreign) == ("ours", False, ())
    assert (names(made.delete_after), made.leaving) == (["moved"], ("moved",))


def test_the_one_we_made_for_an_older_address_is_deleted_once_there_is_another() -> None:
    made = planned(one("moved", address=THEIRS), known="moved")

    assert (made.create, names(made.delete_after), made.foreign) == (True, ["moved"], ())


@pytest.mark.parametrize("addresses", [(OURS,), ()], ids=["guarded", "watched"])
@pytest.mark.parametrize(
    ("left", "reminded", "renew"),
    [
        (LIFETIME, False, False),
        (LIFETIME, True, True),
        (RENEWED_BEFORE, False, False),
        (RENEWED_BEFORE - 1, False, True),
    ],
)
def test_one_is_renewed_when_half_of_its_time_is_over_or_when_we_are_reminded(
    addresses: tuple[str, ...], left: float, *, reminded: bool, renew: bool
) -> None:
    assert planned(one("ours", left=left), addresses=addresses, reminded=reminded).renew is renew


@pytest.mark.parametrize(
    ("seen", "health"),
    [
        ((), Health.UNMANAGED),
        ((one("theirs", address=THEIRS),), Health.ACTIVE),
        ((one("theirs", status="Blacklisted"),), Health.BLACKLISTED),
        ((one("theirs", filters=(REMINDER,), disabled=(OF_ACCOUNT,)),), Health.INCOMPLETE),
    ],
    ids=["none", "delivers", "blacklisted", "not served"],
)
def test_where_we_have_no_address_whatever_there_is_is_watched_and_nothing_made_or_deleted(
    seen: tuple[Seen, ...], health: Health
) -> None:
    made = planned(*seen, addresses=())

    assert (made.health, made.create, made.delete_first, made.delete_after) == (health, False, (), ())
