"""Draw the page of the API: its routes, what a destination is, and every problem it can answer with."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from telephony.destinations import Changes, Draft
from telephony.ringout_request import Wish
from web.api.deliveries import Again
from web.api.destinations import Rotation
from web.api.problems import KINDS
from web.api.replays import ReplayWish

ROUTES: Final = (
    ("GET", "/destinations", "", "The destinations, the oldest first."),
    (
        "POST",
        "/destinations",
        "[Draft](#draft)",
        "Add one: 201, with its `id`, its `state`, and this once its `secret`.",
    ),
    ("GET", "/destinations/<id>", "", "One, and how it fares (`status`)."),
    ("PATCH", "/destinations/<id>", "[Changes](#changes)", "Change what is named, and leave the rest."),
    ("DELETE", "/destinations/<id>", "", "Remove it and all that is kept for it: 204."),
    ("POST", "/destinations/<id>/rotate", "[Rotation](#rotation)", "A new `secret`, shown this once."),
    ("POST", "/destinations/<id>/test", "", "Have a test sent: 202, with the `id` of its event."),
    ("POST", "/destinations/<id>/redrive", "[Again](#again)", "Send again what failed: 202, with the `count`."),
    ("GET", "/destinations/<id>/attempts", "", "What was sent and what came back, the newest first."),
    ("POST", "/ringouts", "[Wish](#wish)", "Place a RingOut, or follow one: 201; see [RingOuts](../ringout.md)."),
    ("GET", "/ringouts", "", "The RingOuts, those asked for last first."),
    ("GET", "/ringouts/<id>", "", "One: its `live` status, its sessions, its `outcome`."),
    ("DELETE", "/ringouts/<id>", "", "Cancel one that is not connected: 204; 202 while that is not known yet."),
    ("GET", "/audit", "", "The completeness ledger: for each account and hour, where every call stands."),
    (
        "POST",
        "/replays",
        "[ReplayWish](#replaywish)",
        "Have calls looked at or sent again: 201, with its `id`; the same while the same is asked for and not over.",
    ),
    ("GET", "/replays", "", "Replays and backfills, the newest first."),
    ("GET", "/replays/<id>", "", "How far one is: `state`, `total`, `done`, `changed`, `share`, `secondsLeft`."),
    ("GET", "/replays/<id>/changes", "", "What it found, call by call: `field`, `before`, `after`."),
    ("DELETE", "/replays/<id>", "", "Stop it; what it has published stays."),
    ("GET", "/outcomes", "", "The events in the order of their publication, word for word."),
    ("GET", "/stream", "", "The same as Server-Sent Events, and what happens during calls; `Last-Event-ID` resumes."),
)
"""Method, path below /api/v1, body, and what it does."""

_MEANINGS: Final = {
    "url": "Where events are sent: https, to the public internet or to what `ALLOW_PRIVATE_DESTINATIONS` names.",
    "include": "`outcome`, `ended` or `both`.",
    "accounts": "Only calls of these accounts, by their name in the settings or RingCentral's id.",
    "extensions": "Only calls in which one of these extensions (ids) took part.",
    "outcomes": "Only these [outcomes](outcomes.md#words).",
    "directions": "Only `Inbound` or `Outbound` calls.",
    "numbers": "Only calls from or to one of these numbers, in any spelling.",
    "createOnly": "Send one event for each call, once it will not change any more.",
    "description": "A note for people.",
    "fields": "Send only these fields of `data`.",
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
    "level": "`deliver`, `refetch` or `raw` ([what they do](../operations/replay.md)).",
    "calls": "These calls, by their `telephonySessionId`.",
    "since": "Calls that began since then.",
    "until": "Calls that began until then.",
    "number": "Calls somebody with this number took part in, in any spelling.",
    "extension": "Calls this extension took part in, by its id or number.",
    "outcomes": "Calls that ended so.",
    "destination": "Calls whose last event this destination wants; with `deliver` only to it.",
    "unresolved": "Calls whose record never came.",
    "failed": "Calls with events that a destination was never able to take.",
    "dryRun": "Say what would change, and publish nothing.",
    "account": "The account, by its name in the settings; needed where there are several.",
}
_NOT_ASKED_FOR: Final = {"disabledBecause"}


def api_page() -> str:
    """Draw docs/reference/api.md."""
    routes = ((f"`{method}`", f"`{path}`", body, about) for method, path, body, about in ROUTES)
    problems = ((str(kind.status), f"`{kind.word}`", kind.title) for kind in KINDS)
    bodies = (_body(shape) for shape in (Draft, Changes, Rotation, Again, ReplayWish, Wish))
    return "\n".join(
        (_HEAD, _table(("method", "route", "body", "does"), routes), *bodies, _PROBLEMS, _table(_COLUMNS, problems))
    )


def _body(shape: type[msgspec.Struct]) -> str:
    fields = [field for field in msgspec.structs.fields(shape) if field.encode_name not in _NOT_ASKED_FOR]
    meanings = _MEANINGS_OF_REPLAYS if shape is ReplayWish else _MEANINGS
    rows = ((f"`{field.encode_name}`", _usual(field), meanings[field.encode_name]) for field in fields)
    return f"## {shape.__name__}\n\n{_table(('field', 'if left out', 'is'), rows)}"


def _usual(field: "msgspec.structs.FieldInfo") -> str:
    if field.required:
        return "is needed"
    default: Any = field.default
    return "stays" if default is msgspec.UNSET else f"`{msgspec.json.encode(default).decode()}`"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = tuple(head)
    return "".join("| " + " | ".join(row) + " |\n" for row in (names, ("-",) * len(names), *rows))


_COLUMNS: Final = ("status", "`type`", "title")

_HEAD: Final = """\
# The API

Generated by `scripts/generate_docs.py` from `web/api/`; do not edit.

All routes are below `/api/v1`. Send `Authorization: Bearer` and the `ADMIN_TOKEN`, or for `GET` the `READ_TOKEN`; while
no `ADMIN_TOKEN` is set, the API is closed. An address that sent five wrong ones is not looked at for a while. JSON in,
JSON out; a field or parameter that is unknown is refused. Lists are `{"items": [...], "next": ...}`: ask again with
`after` set to `next` until it is null, and with `limit` (1 to 500, usually 100) for more or less at once. To go on
later from the end of `/outcomes`, ask once more with the last `after`; what you have already you know by its `id`.
`./scripts/destinations.py` does the same from the terminal.
"""

_PROBLEMS: Final = """\
## Problems

Whatever goes wrong is told as a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), of the media
type `application/problem+json`. Its `type` is `urn:legwork:problems:` and a word of this table, and never changes;
`detail` is for people. `errors` names each fault with its place: `pointer` into the body, or `parameter`.
"""
