"""What a request asks for, read strictly: a body with no field we do not know, parameters within their bounds."""

import re
from typing import Annotated, Any, Final, TypeVar

import msgspec
from flask import request
from msgspec import Meta

from web.api.problems import BAD_REQUEST, INVALID, NOT_JSON, TOO_LARGE, UNSUPPORTED, Fault, Problem
from web.body import MAX_BODY, BrokenBody, OversizedBody, has_body, read_body

T = TypeVar("T")

MOST: Final = 500
USUAL: Final = 100

PLACE: Final = r"^[0-9]{1,15}-[0-9]{1,15}$"
"""A place in a stream: milliseconds and a number."""

_JSON: Final = re.compile(r"application/(json|[\w.+-]+\+json)", re.ASCII)
_WHERE: Final = re.compile(r"(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?", re.DOTALL)
_NAMED: Final = re.compile(r"(?:unknown|missing required) field `(?P<name>[^`]*)`")


def body_as(shape: type[T]) -> T:
    """Read the body. Raises Problem that names the place of the first fault."""
    raw = _raw_body()
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        fault = fault_of(str(error))
        raise Problem(INVALID, fault.detail, faults=[fault]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(NOT_JSON, str(error)) from error


def body_or(default: T) -> T:
    """Read the body as what `default` is; take `default` where there is no body."""
    return body_as(type(default)) if has_body(request.environ) else default


class Paging(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which part of a list is asked for."""

    after: Annotated[str, Meta(description="The `next` of the answer before.", min_length=1)] | None = None
    limit: Annotated[int, Meta(description="How many items at most.", ge=1, le=MOST)] = USUAL


class FromPlace(Paging, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which part of a list that is a stream is asked for."""

    after: Annotated[str, Meta(description="The `next` of the answer before.", pattern=PLACE)] | None = None


class NoParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A route that takes no parameters."""


def parameters_as(shape: type[T]) -> T:
    """Read the parameters. Raises Problem that names the first that is unknown, twice there, or out of its bounds.

    A parameter that is unknown is not passed over: whoever misspells a filter must not get everything.
    """
    given = request.args.to_dict(flat=False)
    for name, values in given.items():
        if len(values) > 1:
            raise wrong_parameter(name, "must be there once")
    try:
        return msgspec.convert({name: values[0] for name, values in given.items()}, shape, strict=False)
    except msgspec.ValidationError as error:
        fault = fault_of(str(error))
        name = (fault.pointer or "").removeprefix("/")
        raise wrong_parameter(name, fault.detail) from error


def limit() -> int:
    """Read how many items are asked for."""
    text = request.args.get("limit", str(USUAL))
    if not (text.isascii() and text.isdigit() and len(text) < len(str(MOST)) + 1 and 1 <= int(text) <= MOST):
        raise wrong_parameter("limit", f"must be a whole number from 1 to {MOST}")
    return int(text)


def after(pattern: "re.Pattern[str]") -> str | None:
    """Read the cursor after which items are asked for; None: from the beginning."""
    text = request.args.get("after")
    if text is not None and not pattern.fullmatch(text):
        raise wrong_parameter("after", "must be the `next` of an answer")
    return text


def know_parameters(*known: str) -> None:
    """Refuse a parameter that would be passed over: whoever misspells a filter must not get everything."""
    for name in request.args:
        if name not in known:
            raise wrong_parameter(name, f"is none of {', '.join(known) or '- there are none'}")


def wrong_parameter(name: str, why: str) -> Problem:
    """Make the problem about one parameter."""
    return Problem(INVALID, f"{name} {why}", faults=[Fault(why, parameter=name)])


def fault_of(message: str) -> Fault:
    """Turn what msgspec says into a fault with a JSON pointer."""
    found = _WHERE.fullmatch(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    steps = re.findall(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]", path)
    names = [name or index for name, index in steps]
    if (named := _NAMED.search(what)) is not None:
        names.append(named["name"])
    return Fault(what, pointer="".join(f"/{_escaped(name)}" for name in names))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _raw_body() -> bytes:
    kind = (request.mimetype or "").lower()
    if not _JSON.fullmatch(kind):
        raise Problem(UNSUPPORTED, "Send Content-Type: application/json.")
    environ: dict[str, Any] = request.environ
    try:
        return read_body(environ)
    except OversizedBody as error:
        raise Problem(TOO_LARGE, f"At most {MAX_BODY // 1024} KiB are taken.") from error
    except BrokenBody as error:
        raise Problem(BAD_REQUEST, "The body ended before it was whole.") from error
