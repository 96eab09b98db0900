"""Ask how a call stands that has not been heard of for long. A request is Light.

https://developers.ringcentral.com/api-reference/Call-Control/readCallSessionStatus
"""

from typing import Final
from urllib.parse import quote

import msgspec

from runtime.budget import Group, Share
from workers.ringcentral.client import RingCentral

_ROOT: Final = "/restapi/v1.0/account/~/telephony/sessions/"


class _Status(msgspec.Struct, frozen=True):
    code: str = "unknown"


class SessionParty(msgspec.Struct, frozen=True):
    """One party of it and its state, in RingCentral's words; it promises none of them."""

    status: _Status = _Status()


class TelephonySession(msgspec.Struct, frozen=True):
    """A call as RingCentral has it now."""

    id: str
    parties: tuple[SessionParty, ...] = ()


class TelephonySessions:
    """The calls of one account that are on. Errors are those of `RingCentral`."""

    def __init__(self, client: RingCentral) -> None:
        self._client = client

    def get(self, telephony_session_id: str) -> TelephonySession:
        """Look at one. Raises NotFound when it is over, or never was."""
        path = _ROOT + quote(telephony_session_id, safe="")
        return self._client.get(path, decode=_session, group=Group.LIGHT, share=Share.LIVE)


_session: Final = msgspec.json.Decoder(TelephonySession).decode
