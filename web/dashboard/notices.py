"""What is said at the top of a page after something was done. The address names the notice; the words are ours."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_NOTICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "paused": "Paused. What is published meanwhile waits, and is sent when you resume.",
        "resumed": "Resumed. What waited is being sent now.",
        "tested": "A test is on its way. Its attempt appears below.",
        "tested-later": "A test is sent when you resume: until then, nothing is.",
        "tested-alone": "A test is sent when it is tried again: it is left alone for now, as said below.",
        "redriven": "What failed is being sent again. The attempts appear below.",
        "redriven-later": "What failed is sent again when you resume: until then, nothing is.",
        "redriven-alone": "What failed is sent when it is tried again: it is left alone for now, as said below.",
        "nothing-failed": "Nothing has failed, so nothing is sent again.",
        "nothing-held": (
            "What was given up cannot be sent again: the log holds it no more, a later event was taken,"
            " or it is wanted no more."
        ),
        "removed": "Removed, with everything that was kept for it.",
        "read-again": "Given back to the inbox. If it still cannot be read, it comes back here.",
        "discarded": "Discarded.",
        "replayed": "The replay has begun; its state is below.",
        "cancelled": "It ends soon. What it has published stays.",
    }
)


def notice(name: str) -> str:
    """Give the words of a notice; none for a name we do not know."""
    return _NOTICES.get(name, "")
