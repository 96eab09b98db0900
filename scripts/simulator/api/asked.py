"""Read what a request asks for; what cannot be read is answered as RingCentral does."""

from typing import Any

import msgspec
from flask import Request

from scripts.simulator.moments import read
from scripts.simulator.problems import ApiError

VIEWS = ("Simple", "Detailed")


def json_object(request: Request) -> dict[str, Any]:
    """Read a body that must be a JSON object."""
    try:
        return msgspec.json.decode(request.get_data(), type=dict[str, Any])
    except msgspec.DecodeError as fault:
        raise ApiError("bad_body") from fault


def moment(request: Request, name: str) -> float | None:
    """Read a time from the query; None when it is not there."""
    text = request.args.get(name)
    if text is None:
        return None
    try:
        return read(text)
    except ValueError as fault:
        raise ApiError("bad_parameter", name) from fault


def number(request: Request, name: str, default: int | None, *, most: int | None = None) -> int:
    """Read a positive number from the query; `max` stands for `most`, and more than `most` is cut to it."""
    text = request.args.get(name)
    if text is None and default is not None:
        return default
    if text == "max" and most is not None:
        return most
    if text is None or not text.isdecimal() or int(text) < 1:
        raise ApiError("bad_parameter", name)
    return int(text) if most is None else min(int(text), most)


def words(request: Request, name: str, known: tuple[str, ...]) -> frozenset[str]:
    """Read a parameter that may be given several times; empty when it is not there."""
    given = frozenset(request.args.getlist(name))
    if not given <= set(known):
        raise ApiError("bad_parameter", name)
    return given


def view(request: Request) -> str:
    """Read which view of the call log is wanted."""
    wanted = request.args.get("view", "Simple")
    if wanted not in VIEWS:
        raise ApiError("bad_parameter", "view")
    return wanted
