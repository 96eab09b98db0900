"""What the command line says of a destination: which one is meant, and what it shall be. Refused with a reason."""

import argparse
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from redis import Redis

from runtime.deliveries import destinations
from runtime.deliveries.destination_urls import why_not
from scripts.terminal.command import Refused
from scripts.terminal.installation import rung_for
from scripts.terminal.place import Place
from telephony.destination_faults import faults
from telephony.destinations import Changes, Destination, Draft

T = TypeVar("T", bound=msgspec.Struct)


def find(redis: Redis, beginning: str) -> Destination:
    """Find the one destination whose id begins so; a whole id is never taken for the beginning of another.

    Raises Refused when there is none, or more than one.
    """
    found = [one for one in destinations.all(redis) if one.id.startswith(beginning)]
    whole = [one for one in found if one.id == beginning]
    candidates = whole or found
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise Refused(f"no destination's id begins with {beginning!r}; ./scripts/destinations.py list")
    raise Refused(f"{len(candidates)} destinations begin so: " + ", ".join(one.id for one in candidates))


def wishes(options: argparse.Namespace) -> dict[str, object]:
    """Give what was said of the destination; what was not is absent."""
    return {name: value for name, value in vars(options).items() if name in Changes.__struct_fields__}


def read(wished: Mapping[str, object], shape: type[T]) -> T:
    """Give what was said as a draft or as changes. Raises Refused."""
    renamed = {field.encode_name: wished[field.name] for field in msgspec.structs.fields(shape) if field.name in wished}
    try:
        return msgspec.convert(renamed, shape)
    except msgspec.ValidationError as error:
        raise Refused(str(error)) from error


def judge(asked: Draft | Changes, place: Place) -> None:
    """Raise Refused for what names things that are not there, and for a URL that nothing may be sent to.

    Where no clock ever rang nobody knows which accounts there are: the settings here may be of this machine only.
    """
    ours, rung = place.settings, rung_for(place.redis)
    names = {*rung, *(account.name for account in ours.accounts)}
    wrong = [f"{pointer.removeprefix('/')} {why}" for pointer, why in faults(asked, names if rung else None)]
    if asked.url is not msgspec.UNSET and (why := why_not(asked.url, ours.allow_private_destinations)):
        wrong.append(f"nothing is sent to this URL: {why}")
    if wrong:
        raise Refused("; ".join(wrong))
