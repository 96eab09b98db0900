"""The accounts that a command at the terminal is about."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, cast

from redis import Redis
from redis.exceptions import NoPermissionError

from runtime import bells, keys
from runtime.bells import Stage
from runtime.settings import Account, Settings
from scripts.terminal.command import Refused

MOST_NAMED: Final = 10
"""So many accounts are named where none is meant; of more only those whose names are alike."""


def only_account(ours: Settings, wanted: str | None) -> str:
    """Name the account of a command that is about one: the only one, or the one that is wanted. Raises Refused."""
    names = accounts_of(ours, wanted)
    if len(names) > 1:
        raise Refused(f"name the account with --account: one of {named(names)}")
    return names[0]


def accounts_of(ours: Settings, wanted: str | None) -> list[str]:
    """Name the accounts a command is about: all, or the one that is wanted. Raises Refused."""
    return [account.name for account in chosen(ours, wanted)]


def chosen(ours: Settings, wanted: str | None) -> list[Account]:
    """Give the accounts a command is about: all, or the one that is wanted. Raises Refused."""
    found = [account for account in ours.accounts if wanted in (None, account.name)]
    if not found:
        names = named([account.name for account in ours.accounts], like=wanted or "")
        raise Refused(f"the settings name no account {wanted!r}, but {names}")
    return found


def judge_account(redis: Redis, wanted: str | None) -> None:
    """Raise Refused for an account that nothing is known of here, for a command that goes without settings.

    Where no clock ever rang nobody knows which accounts there are, nor does who may only read what is published.
    """
    if wanted is None:
        return
    try:
        there = rung_for(redis)
        was_one = bool(redis.exists(keys.inbox_cursor(wanted), keys.calls(wanted), keys.inbox(wanted)))
    except NoPermissionError:
        return
    if there and wanted not in there and not was_one:
        raise Refused(f"there is no account {wanted!r}, but {named(there, like=wanted)}")


def rung_for(redis: Redis) -> list[str]:
    """Name the accounts that the clock rings for: those of the settings it was started with."""
    beginning = bells.member(Stage.UPKEEP, "").encode()
    rung = cast("list[bytes]", redis.zrange(keys.BELLS, 0, -1))
    return sorted(one.removeprefix(beginning).decode() for one in rung if one.startswith(beginning))


def named(names: Sequence[str], *, like: str = "") -> str:
    """Name accounts; of very many those that are like something, and how many there are besides."""
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    near = get_close_matches(like, names, n=MOST_NAMED, cutoff=0.7) or names[:MOST_NAMED]
    return f"{', '.join(near)} and {len(names) - len(near):,} others"
