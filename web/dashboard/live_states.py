"""What a call that is on is doing, in one word: a table over what its parties' codes say."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from telephony.sessions import Session

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "answered": "talking",
        "hold": "on hold",
        "parked": "parked",
        "voicemail": "voicemail",
        "voicemailscreening": "voicemail",
        "vmscreening": "voicemail",
        "faxreceive": "receiving a fax",
        "proceeding": "ringing",
        "setup": "ringing",
    }
)
_ORDER: Final = ("on hold", "parked", "voicemail", "receiving a fax", "ringing", "talking")


def live_state(session: Session) -> str:
    """Say what the call is doing: whatever keeps somebody waiting first, talking when nothing does."""
    words = {_WORDS.get(party.code.lower(), "on now") for party in session.parties if not party.is_over}
    if not words:
        return "ending" if session.parties else "beginning"
    return next((word for word in _ORDER if word in words), "on now")
