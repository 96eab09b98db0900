"""Draw the page of the API from its OpenAPI document: its routes, what they take, and every problem there is."""

from typing import Any, Final

import msgspec

from scripts.reference.markdown import table
from scripts.reference.openapi import drawn
from scripts.reference.schemas import Schema
from telephony.destinations import Changes, Draft
from telephony.ringout_request import Wish
from web.api.deliveries import Again
from web.api.destinations import Rotation
from web.api.problems import KINDS
from web.api.replays import ReplayWish

PREFIX: Final = "/api/v1"

_MEANINGS: Final = {
    "url": "Where events are sent: https, to the public internet or to what `ALLOW_PRIVATE_DESTINATIONS` names.",
    "include": "`outcome`, `ended` or `both`.",
    "accounts": "Only calls of these accounts, by their name in the settings or RingCentral's id; others are refused.",
    "extensions": "Only calls in which one of these extensions (ids; their numbers go with `numbers`) took part.",
    "outcomes": "Only these [outcomes](outcomes.md#words); not, that a call turns out to be of another one.",
    "directions": "Only `Inbound` or `Outbound` calls.",
    "numbers": "Only calls from or to one of these numbers, in any spelling; of extensions as well,"
    " and what RingCentral writes in place of a number, letter by letter, as `anonymous`.",
    "createOnly": "Send one event for each call, once it will not change any more.",
    "description": "A note for people.",
    "fields": "Send only these fields of `data`; `explanation` then explains these only.",
    "operator": "Also send what whoever runs Legwork should know ([operator events](events.md)).",
    "mask": "Hide names, and all but the last digits of numbers.",
    "state": "`active` or `paused`. (`disabled` is told, not asked for.)",
    "overlapSeconds": "How long the secret before still signs, beside the new one.",
    "since": "Published since then.",
    "until": "Published until then.",
    "blame": "Failed by the fault of `theirs`, `ours`, `network` or `configuration`.",
    "everything": "Whatever the destination wants, taken or not.",
    "perSecond": "Send at most so many in a second.",
    "dryRun": "Only count them: 200.",
    "from": "Who is rung first: `phoneNumber`, or `forwardingNumberId`.",
    "to": "Who is called then: `phoneNumber`.",
    "callerId": "What the callee sees: `phoneNumber`.",
    "playPrompt": "Whether the caller must press 1 before the callee is called.",
    "country": "Whose dialling plan numbers are read by: `id`.",
    "ringOutId": "Follow this RingOut, which somebody else has placed; stands alone, but for the two below.",
    "account": "The account, by its name in the settings; needed where there are several.",
    "extension": "Id of the extension whose RingOut it is; `~` is the user's own.",
}
_MEANINGS_OF_REPLAYS: Final = _MEANINGS | {
    "level": "`deliver`, `refetch` or `raw` ([what they do](../ops/replay.md)).",
    "calls": "These calls, by their `telephonySessionId`.",
    "since": "Calls that began since then.",
    "until": "Calls that began until then.",
    "number": "Calls somebody with this number took part in, in any spelling.",
    "extension": "Calls this extension took part in, by its id or number.",
    "outcomes": "Calls that ended so.",
    "destination": "Calls whose last event this destination wants; with `deliver` only to it.",
    "unresolved": "Calls whose final record never came.",
    "failed": "Calls with events that a destination was never able to take.",
    "dryRun": "Say what would change, and publish nothing.",
    "account": "The account, by its name in the settings; needed where there are several.",
}
_NOT_ASKED_FOR: Final = {"disabledBecause"}


def api_page() -> str:
    """Draw docs/reference/api.md."""
    document = drawn()
    operations = [
        (path.removeprefix(PREFIX), method.upper(), told)
        for path, methods in document["paths"].items()
        if path.startswith(PREFIX)
        for method, told in methods.items()
    ]
    routes = (
        (f"`{method}`", f"`{path}`", _link(told), told["summary"] + _answered(told))
        for path, method, told in operations
    )
    problems = ((str(kind.status), f"`{kind.word}`", kind.title) for kind in KINDS)
    return "\n".join(
        (
            _HEAD,
            table(("method", "route", "body", "does"), routes),
            _PARAMETERS,
            *(_parameters(path, told) for path, method, told in operations if method == "GET" and _filters(told)),
            *(_body(shape) for shape in (Draft, Changes, Rotation, Again, ReplayWish, Wish)),
            _PROBLEMS,
            table(_COLUMNS, problems),
        )
    )


def _link(operation: Schema) -> str:
    """Name the body an operation takes, with a link to where it is told."""
    if "requestBody" not in operation:
        return ""
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _answered(operation: Schema) -> str:
    """Name the status of what is not answered by 200."""
    done = [status for status in operation["responses"] if status.startswith("2") and status != "200"]
    return f" {', '.join(done)}." if done else ""


def _filters(operation: Schema) -> list[Schema]:
    usual = {"after", "limit"}
    return [one for one in operation.get("parameters", ()) if one["in"] == "query" and one["name"] not in usual]


def _parameters(path: str, operation: Schema) -> str:
    rows = ((f"`{one['name']}`", one.get("description", "")) for one in _filters(operation))
    return f"### `{path}`\n\n{table(('parameter', 'is'), rows)}"


def _body(shape: type[msgspec.Struct]) -> str:
    asked_for = (field for field in msgspec.structs.fields(shape) if field.encode_name not in _NOT_ASKED_FOR)
    fields = sorted(asked_for, key=lambda field: not field.required)
    meanings = _MEANINGS_OF_REPLAYS if shape is ReplayWish else _MEANINGS
    rows = ((f"`{field.encode_name}`", _usual(field), meanings[field.encode_name]) for field in fields)
    return f"## {shape.__name__}\n\n{table(('field', 'if left out', 'is'), rows)}"


def _usual(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "is needed"
    default: Any = field.default
    return "stays" if default is msgspec.UNSET else f"`{msgspec.json.encode(default).decode()}`"


_COLUMNS: Final = ("status", "`type`", "title")

_HEAD: Final = """\
# The API

Generated by `scripts/generate_docs.py` from `web/api/`; do not edit.

All routes are below `/api/v1`. Send `Authorization: Bearer` and the `ADMIN_TOKEN`, or for `GET` the `READ_TOKEN`; while
no `ADMIN_TOKEN` is set, the API is closed. An address that sent five wrong ones is not looked at for a while. JSON in,
JSON out; a field or parameter that is unknown is refused. Lists are `{"items": [...], "next": ...}`: ask again with
`after` set to `next` until it is null, and with `limit` (1 to 500, usually 100) for more or less at once. To go on
later from the end of `/outcomes`, ask once more with the last `after`; what you have already you know by its `id`. A
place in it is the milliseconds since 1970 when the event was published, a hyphen and a number, so a time will do:
`after=1764230400000-0`.

```sh
curl -H "Authorization: Bearer $ADMIN_TOKEN" "http://localhost:8080/api/v1/calls?outcome=missed&limit=5"
```

`./scripts/destinations.py`, `./scripts/ringout.py` and `./scripts/replay.py` do the same from the terminal.
"""

_PARAMETERS: Final = """\
[`openapi.json`](openapi.json) says the same and more for machines; a running Legwork tells it at `/openapi.json`. A
`GET` is answered with an `ETag`; send it as `If-None-Match`, and the answer is 304 and empty while nothing has changed.

## Parameters

Times are ISO 8601 with a zone. Every filter that is given must be met.
"""

_PROBLEMS: Final = """\
## Problems

Whatever goes wrong is told as a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), of the media
type `application/problem+json`. Its `type` is `urn:legwork:problems:` and a word of this table, and never changes;
`detail` is for people. `errors` names each fault with its place: `pointer` into the body, or `parameter`.
"""
