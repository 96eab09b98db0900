"""The URL of a destination as somebody types it: judged on saving, in a time that somebody waits."""

from collections.abc import Sequence
from typing import Final

from runtime.deliveries.name_lookup import NameLookup
from runtime.deliveries.url_guard import ForbiddenAddress, Resolve, Unresolvable, check
from runtime.setting_values import Network

RESOLVE_SECONDS: Final = 3.0


def why_not(url: str, allow: Sequence[Network], resolve: Resolve | None = None) -> str | None:
    """Say why no destination can have this URL; None: it can. Each attempt to send will judge it again."""
    try:
        check(url, allow, resolve or NameLookup(RESOLVE_SECONDS))
    except (ForbiddenAddress, Unresolvable) as error:
        return str(error)
    return None
