"""What a request asks for, read strictly: a body with no field we do not know, parameters within their bounds."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from flask import current_app, request
from msgspec import Meta

from runtime import streams
from web.api.described import description_of
from web.api.problems import BAD_REQUEST, INVALID, NOT_JSON, TOO_LARGE, UNSUPPORTED, Fault, Problem
from web.body import MAX_BODY, BrokenBody, OversizedBody, has_body, read_body

T = TypeVar("T")

MOST: Final = 500
USUAL: Final = 100

END: Final = r"$(?!\n)"
"""What ends a pattern: of `$` alone, Python thinks that a line break may follow it."""

PLACE: Final = f"^{streams.PATTERN}{END}"
"""A place in a stream: milliseconds and a number."""

_PLACE_MEANING: Final = "The `next` of the answer before, or a time: milliseconds since 1970, and `-0`."

BROKEN: Final = "The body ended before it was whole."

_WHOLE: Final = "limit"
"""The one parameter that is no text. Were msgspec to make numbers of text, it would make a time of 2026 and nothing of
null, which is to ask for everything."""

_ZONE_WITHOUT_SIGN: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+) ([0-9]{2}:[0-9]{2})", re.ASCII)
"""What is left of a time with `+00:00` where nobody escaped it: in a query a plus sign is a space."""

_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_JSON: Final = re.compile(r"application/(json|[\w.+-]+\+json)", re.ASCII)
_WHERE: Final = re.compile(r"(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?", re.DOTALL)
_PATTERN: Final = re.compile(r"Expected `str` matching regex '(?P<pattern>.*)'", re.DOTALL)
_NAMED: Final = re.compile(r"(?:unknown|missing required) field `(?P<name>[^`]*)`")


def body_as(shape: type[T]) -> T:
    """Read the body. Raises Problem that names the place of the first fault."""
    raw = _raw_body()
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        fault = fault_of(str(error))
        raise Problem(INVALID, _at(fault.pointer, fault.detail), faults=[fault]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(NOT_JSON, str(error)) from error


def body_or(default: T) -> T:
    """Read the body as what `default` is; take `default` where there is no body."""
    return body_as(type(default)) if has_body(request.environ) else default


class Paging(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which part of a list is asked for."""

    after: Annotated[str, Meta(description="The `next` of the answer before.", min_length=1)] | None = None
    limit: Annotated[int, Meta(description="How many items at most.", ge=1, le=MOST)] = USUAL


class OfAccount(Paging, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which part of a list is asked for, and whether of one account alone."""

    account: Annotated[str, Meta(description="An account, by its name in the settings.")] | None = None


class FromPlace(Paging, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which part of a list that is a stream is asked for."""

    after: Annotated[str, Meta(description=_PLACE_MEANING, pattern=PLACE)] | None = None


Moment = Annotated[datetime, Meta(tz=True)]
"""A moment, as it must be told: with a zone."""


def seconds(moment: datetime | None) -> float | None:
    """Give a moment that may be left out, in seconds since 1970."""
    return None if moment is None else moment.timestamp()


def judge_stretch(since: datetime | None, until: datetime | None) -> None:
    """Raise Problem where a time ends before it begins: that nothing is found in it would be taken for an answer."""
    if since is not None and until is not None and until < since:
        raise wrong_parameter("until", "is before since")


def accounts(names: Sequence[str], wanted: str | None) -> Sequence[str]:
    """Give the accounts that are meant: all, or the one of the parameter `account`. Raises Problem for another."""
    if wanted is not None and wanted not in names:
        raise wrong_parameter("account", "names no account of the settings")
    return names if wanted is None else (wanted,)


class _NoParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a route takes that is not said to take any."""


def know_parameters() -> None:
    """Refuse a request whose parameters are not those its route is described with, before anything is done for it."""
    said = description_of(current_app.view_functions[request.endpoint or ""])
    parameters_as(said.parameters if said and said.parameters else _NoParameters)


def parameters_as(shape: type[T]) -> T:
    """Read the parameters. Raises Problem that names the first that is unknown, twice there, or out of its bounds.

    A parameter that is unknown is not passed over: whoever misspells a filter must not get everything.
    """
    given: dict[str, Any] = request.args.to_dict()
    for name, values in request.args.lists():
        if len(values) > 1:
            raise wrong_parameter(name, "must be there once")
        if (time := _ZONE_WITHOUT_SIGN.fullmatch(values[0])) is not None:
            given[name] = "+".join(time.groups())
        if name == _WHOLE and _NUMBER.fullmatch(values[0]):
            given[name] = int(values[0])
    try:
        return msgspec.convert(given, shape)
    except msgspec.ValidationError as error:
        fault = fault_of(str(error))
        name = (fault.pointer or "").removeprefix("/")
        raise Problem(INVALID, _at(name, fault.detail), faults=[Fault(fault.detail, parameter=name)]) from error


def _at(place: str | None, what: str) -> str:
    """Say where a fault is, unless what is said of it names that; of a field within another it names its name alone."""
    named = _NAMED.search(what)
    says_it = named is not None and _escaped(named["name"]) == (place or "").removeprefix("/")
    return what if not place or says_it else f"{place}: {what}"


def wrong_parameter(name: str, why: str) -> Problem:
    """Make the problem about one parameter."""
    return Problem(INVALID, f"{name} {why}", faults=[Fault(why, parameter=name)])


def refuse_wrong(found: Iterable[tuple[str, str]]) -> None:
    """Raise Problem if a body has faults: of each its JSON pointer, and what is wrong there."""
    faults = [Fault(why, pointer=pointer) for pointer, why in found]
    if faults:
        raise Problem(INVALID, f"{faults[0].pointer} {faults[0].detail}", faults=faults)


def fault_of(message: str) -> Fault:
    """Turn what msgspec says into a fault with a JSON pointer."""
    found = _WHERE.fullmatch(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    what = _PATTERN.sub(_form, what)
    steps = re.findall(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]", path)
    names = [name or index for name, index in steps]
    if (named := _NAMED.search(what)) is not None:
        names.append(named["name"])
    return Fault(what, pointer="".join(f"/{_escaped(name)}" for name in names))


def _form(found: re.Match[str]) -> str:
    """Say how something must be written, without what Python alone needs to be told of."""
    pattern = found["pattern"].replace(r"\\", "\\")
    return f"must match {pattern.removesuffix(END)}$" if pattern.endswith(END) else f"must match {pattern}"


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
        raise Problem(BAD_REQUEST, BROKEN) from error
