"""What a RingOut is asked with: RingCentral's own body, read strictly, or the id of one that somebody else placed.

https://developers.ringcentral.com/api-reference/RingOut/createRingOutCall
"""

from typing import Annotated

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._~@=+\-]+$(?!\n)")]
"""An id of RingCentral's, or a name of ours: nothing that could leave its place in a path or a key.

Python's `$` alone would let a line break follow.
"""


class _Part(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    pass


class Caller(_Part, frozen=True):
    """Who is rung first: a number, or one of the user's forwarding numbers by its id."""

    phone_number: Text | None = None
    forwarding_number_id: Name | None = None


class Number(_Part, frozen=True):
    """A number; it is passed on as it is written."""

    phone_number: Text


class Country(_Part, frozen=True):
    """The country whose dialling plan numbers are read by."""

    id: Name


class MakeRingOut(_Part, frozen=True):
    """RingCentral's own body. Whether it will take these numbers is for RingCentral to say."""

    from_: Caller = msgspec.field(name="from")
    to: Number
    caller_id: Number | None = None
    play_prompt: bool | None = None
    country: Country | None = None


class Wish(_Part, frozen=True):
    """What `POST /api/v1/ringouts` takes: a RingOut to place, or the id of one to follow, and where."""

    from_: Caller | None = msgspec.field(name="from", default=None)
    to: Number | None = None
    caller_id: Number | None = None
    play_prompt: bool | None = None
    country: Country | None = None
    ring_out_id: Name | int | None = None
    account: Name | None = None
    extension: Name = "~"

    @property
    def call(self) -> MakeRingOut | None:
        """The RingOut to place; None where one is to be followed."""
        if self.from_ is None or self.to is None:
            return None
        return MakeRingOut(self.from_, self.to, self.caller_id, self.play_prompt, self.country)

    @property
    def follows(self) -> str | None:
        """RingCentral's id of the RingOut to follow, older ones being numbers; None where one is to be placed."""
        return None if self.ring_out_id is None else str(self.ring_out_id)


def faults(wish: Wish) -> tuple[tuple[str, str], ...]:
    """List what is wrong with a wish, as (JSON pointer, why)."""
    placing = (wish.from_, wish.to, wish.caller_id, wish.play_prompt, wish.country)
    if wish.ring_out_id is not None:
        if any(one is not None for one in placing):
            return (("/ringOutId", "stands alone: a RingOut is placed, or one is followed"),)
        return ()
    wrong: list[tuple[str, str]] = []
    if wish.from_ is None:
        wrong.append(("/from", "is needed, or ringOutId to follow a RingOut placed elsewhere"))
    elif (wish.from_.phone_number is None) is (wish.from_.forwarding_number_id is None):
        wrong.append(("/from", "needs either phoneNumber or forwardingNumberId"))
    if wish.to is None:
        wrong.append(("/to", "is needed"))
    return tuple(wrong)
