"""The accounts that a command at the terminal is about."""

from runtime.settings import Account, Settings
from scripts.terminal.command import Refused


def only_account(ours: Settings, wanted: str | None) -> str:
    """Name the account of a command that is about one: the only one, or the one that is wanted. Raises Refused."""
    names = accounts_of(ours, wanted)
    if len(names) > 1:
        raise Refused(f"name the account with --account: one of {', '.join(names)}")
    return names[0]


def accounts_of(ours: Settings, wanted: str | None) -> list[str]:
    """Name the accounts a command is about: all, or the one that is wanted. Raises Refused."""
    return [account.name for account in chosen(ours, wanted)]


def chosen(ours: Settings, wanted: str | None) -> list[Account]:
    """Give the accounts a command is about: all, or the one that is wanted. Raises Refused."""
    found = [account for account in ours.accounts if wanted in (None, account.name)]
    if not found:
        names = ", ".join(account.name for account in ours.accounts)
        raise Refused(f"the settings name no account {wanted!r}, but {names}")
    return found
