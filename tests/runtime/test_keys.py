"""Keys: each documented with its type, none taken for another, and those of an account kept together."""

import inspect
from collections.abc import Callable
from types import FunctionType

import pytest
from redis.crc import key_slot

from runtime import keys

BUILDERS = [build for name, build in vars(keys).items() if isinstance(build, FunctionType) and name[0] != "_"]
OF_ACCOUNTS = [build for build in BUILDERS if next(iter(inspect.signature(build).parameters), "") == "account"]
TYPES = ("String.", "Hash", "Stream.", "Sorted set.", "Counter.", "Set.", "List.", "Pub/Sub", "Name the Pub/Sub")


def built(build: Callable[..., str], account: str = "acme", other: str = "x") -> str:
    """Build a key; whatever it takes besides the account is `other`."""
    parameters = list(inspect.signature(build).parameters)
    return build(*(account if name == "account" else other for name in parameters))


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)
def test_the_documentation_of_a_key_begins_with_its_type(build: FunctionType) -> None:
    assert (build.__doc__ or "").startswith(TYPES)


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)
def test_every_key_has_our_prefix(build: FunctionType) -> None:
    assert built(build).startswith(keys.PREFIX)


def test_no_two_keys_are_the_same() -> None:
    names = [built(build) for build in BUILDERS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("build", OF_ACCOUNTS, ids=lambda build: build.__name__)
def test_keys_of_two_accounts_differ(build: FunctionType) -> None:
    assert built(build, "acme") != built(build, "globex")


@pytest.mark.parametrize("odd", ["s-1", "a:b", "Y3MxNzE4NDkyODg0NDM5MDJAMTAuNjIuMjkuMzM=", "}x{", "{other}"])
def test_all_keys_of_an_account_are_kept_together_whatever_a_call_s_id_is(odd: str) -> None:
    stored = [build for build in OF_ACCOUNTS if build is not keys.live]  # channels are not stored

    slots = {key_slot(built(build, "acme", odd).encode()) for build in stored}

    assert len(slots) == 1


def test_the_public_names_are_the_contract_s() -> None:
    assert (keys.OUTCOMES, keys.LIVE) == ("legwork:outcomes", "legwork:live")
    assert keys.live("acme") == "legwork:live:acme"
    assert keys.live("acme", "60200101") == "legwork:live:acme:60200101"
