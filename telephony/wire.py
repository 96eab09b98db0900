"""A webhook body on the wire: the shape of its JSON, so far as anything of it is read, and its decoders.

What the fields mean is said in `notifications`. Ids come as strings today and as numbers in older data.
"""

from typing import Annotated, Final

import msgspec

Sequence = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Text = Annotated[str, msgspec.Meta(max_length=1000)]
"""Longer is nothing that RingCentral tells of anybody; and a call is written anew with each of its notifications."""

Id = Text | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None
"""A number with thousands of digits is as long a text."""


class _Wire(msgspec.Struct, rename="camel"):
    """A JSON object of RingCentral's: camel case, unknown fields ignored."""


class Envelope(_Wire):
    """What is around every kind of news."""

    event: Text
    uuid: Id = None
    timestamp: Text | None = None


class Anything(Envelope):
    """News of any kind, its body not read yet."""

    body: msgspec.Raw = msgspec.Raw(b"null")


class Origin(_Wire):
    """How the call came to be."""

    type: Text | None = None


class Peer(_Wire):
    """Where a party has gone on."""

    telephony_session_id: Text | None = None
    session_id: Id = None
    party_id: Text | None = None


class Status(_Wire):
    """What a party is doing, and why."""

    code: Text
    reason: Text | None = None
    peer_id: Peer | None = None


class Side(_Wire):
    """One end of a party's call."""

    phone_number: Text | None = None
    name: Text | None = None
    extension_id: Id = None


class Party(_Wire):
    """One participant."""

    id: Text
    status: Status
    direction: Text | None = None
    extension_id: Id = None
    account_id: Id = None
    from_: Side | None = msgspec.field(name="from", default=None)
    to: Side | None = None
    missed_call: bool | None = None
    queue_call: bool | None = None


class Session(_Wire):
    """The body of news of a call."""

    telephony_session_id: Text
    sequence: Sequence
    parties: list[Party]
    session_id: Id = None
    event_time: Text | None = None
    origin: Origin | None = None


class Call(Envelope, kw_only=True):
    """News of a call, read in one go."""

    body: Session


RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
CALL: Final = msgspec.json.Decoder(Call)
ANYTHING: Final = msgspec.json.Decoder(Anything)
SESSION: Final = msgspec.json.Decoder(Session)
