"""The accounts that a command at the terminal is about."""

from runtime.settings import Account, Settings


class UnknownAccount(Exception):  # noqa: N818 - named for what happened
    """The settings name no such account; the message lists those they name."""


def accounts_of(ours: Settings, wanted: str | None) -> list[str]:
    """Name the accounts a command is about: all, or the one that is wanted. Raises UnknownAccount."""
    return [account.name for account in chosen(ours, wanted)]


def chosen(ours: Settings, wanted: str | None) -> list[Account]:
    """Give the accounts a command is about: all, or the one that is wanted. Raises UnknownAccount."""
    found = [account for account in ours.accounts if wanted in (None, account.name)]
    if not found:
        names = ", ".join(account.name for account in ours.accounts)
        raise UnknownAccount(f"the settings name no account {wanted!r}, but {names}")
    return found
