"""Place a RingOut, look at its live status, cancel it.

https://developers.ringcentral.com/api-reference/RingOut/createRingOutCall
"""

from typing import Final
from urllib.parse import quote

import msgspec

from runtime.budget import Group, Share
from telephony.ringout_request import MakeRingOut
from telephony.ringout_status import Live
from workers.ringcentral.client import RingCentral

_ROOT: Final = "/restapi/v1.0/account/~/extension"


class Answered(msgspec.Struct, frozen=True):
    """A RingOut as RingCentral shows it: its id, which was a number once, as text, and its live status."""

    id: str
    live: Live


class _Body(msgspec.Struct, frozen=True):
    id: str | int
    status: Live = Live()


class RingOuts:
    """The RingOuts of one user. Errors are those of `RingCentral`; somebody is always waiting for the answer."""

    def __init__(self, client: RingCentral) -> None:
        self._client = client

    def place(self, call: MakeRingOut, *, extension: str = "~") -> Answered:
        """Call two numbers, one after the other. Never repeated here: see `errors.NotSent` for when it may be."""
        return self._client.post(_path(extension), call, decode=_decode, group=Group.HEAVY, share=Share.INTERACTIVE)

    def status(self, ring_out_id: str, *, extension: str = "~") -> Live:
        """Look at the live status. Raises NotFound once the call is over, a short time later, or at any other time."""
        path = _path(extension, ring_out_id)
        return self._client.get(path, decode=_decode, group=Group.LIGHT, share=Share.INTERACTIVE).live

    def cancel(self, ring_out_id: str, *, extension: str = "~") -> None:
        """Hang up, while the two are not connected. Raises NotFound when it is too late."""
        self._client.delete(_path(extension, ring_out_id), group=Group.HEAVY, share=Share.INTERACTIVE)


def _path(extension: str, ring_out_id: str | None = None) -> str:
    root = f"{_ROOT}/{quote(extension, safe='~')}/ring-out"
    return root if ring_out_id is None else f"{root}/{quote(ring_out_id, safe='')}"


def _decode(body: bytes) -> Answered:
    read = _BODY.decode(body)
    return Answered(str(read.id), read.status)


_BODY: Final = msgspec.json.Decoder(_Body)
