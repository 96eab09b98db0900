"""The settings and accounts that a command at the terminal works with, as `./scripts/run` would have them."""

import os
from pathlib import Path
from typing import Final

from runtime import settings
from runtime.settings import Account, Settings
from scripts.supervisor.environment import FOR_THE_BOX, gather, wants_box

_NOT_ASKED_FOR: Final = "redis://127.0.0.1:1"  # whoever calls is connected already


class UnknownAccount(Exception):  # noqa: N818 - named for what happened
    """The settings name no such account; the message lists those they name."""


def installation(*, root: Path) -> Settings:
    """Read the settings, those of RingCentral in a box included where it stands in. Raises SettingsError."""
    environ = gather(os.environ, root=root)
    beneath = FOR_THE_BOX if wants_box(environ) else {}
    return settings.load({"REDIS_URL": _NOT_ASKED_FOR, **beneath, **environ})


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
