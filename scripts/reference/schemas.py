"""Draw the JSON Schemas of the events from the structs they are written with.

A schema describes what leaves: every field is there, null where there is nothing to say. Objects stay open, because a
later version may add a field, and a consumer that validates must not fall over it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from scripts.reference.field_words import FIELD_MEANINGS, SHAPE_MEANINGS
from telephony.events import ENDED, OUTCOME, CallEvent
from telephony.live_events import UPDATED, LiveEvent
from telephony.operator_events import PREFIX, OperatorEvent, What
from telephony.trial import TRIAL, TrialEvent

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MAJOR: Final = 1
"""Rises when a consumer of the schemas before would be misled; a new field is no such case."""

TIME_PATTERN: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
_TIME_NAME: Final = re.compile(r"^time$|.(Time|At)$")


class Kind(msgspec.Struct, frozen=True):
    """One type of event: its name, the struct it is written with, when it comes, and what narrows its `data`.

    `types` are what `type` says where that is not the name alone.
    """

    name: str
    struct: type[msgspec.Struct]
    when: str
    narrowed: Mapping[str, Schema] = {}
    types: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where its schema is, seen from the root of the project."""
        return f"docs/reference/schemas/{self.name}.json"


OPERATOR_KIND: Final = PREFIX.rstrip(".")

KINDS: Final = (
    Kind(
        ENDED,
        CallEvent,
        "When all have left a call and nothing new was heard of it for `QUIET_SECONDS`, from the notifications alone.",
        {"revision": {"const": 0}, "confirmed": {"const": False}},
    ),
    Kind(
        OUTCOME,
        CallEvent,
        "Once the call log shows the record of a call, or showed none in time, and again whenever it changes.",
        {"revision": {"type": "integer", "minimum": 1}},
    ),
    Kind(
        UPDATED,
        LiveEvent,
        "Each time the state of a party, or of a RingOut, changes; on the live channels only.",
    ),
    Kind(TRIAL, TrialEvent, "When somebody tries a destination; to that destination only, never in the outcome log."),
    Kind(
        OPERATOR_KIND,
        OperatorEvent,
        "When whoever runs Legwork should know something, when it becomes worse, and when it is over.",
        types=tuple(PREFIX + what for what in What),
    ),
)


def schema(kind: Kind) -> Schema:
    """Draw the schema of one type of event, complete in itself."""
    (top,), shapes = msgspec.json.schema_components((kind.struct,), ref_template="#/$defs/{name}")
    drawn = {name: _shape(name, shape) for name, shape in sorted(shapes.items())}
    event = drawn.pop(top["$ref"].rpartition("/")[2])
    event["properties"] |= {
        "specversion": _with(event, "specversion", {"const": "1.0"}),
        "type": _with(
            event, "type", {"type": "string", "enum": list(kind.types)} if kind.types else {"const": kind.name}
        ),
        "datacontenttype": _with(event, "datacontenttype", {"const": "application/json"}),
    }
    data = drawn[event["properties"]["data"]["$ref"].rpartition("/")[2]]
    for field, narrowed in kind.narrowed.items():
        data["properties"][field] = _with(data, field, narrowed)
    identity = {"$schema": DIALECT, "$id": f"urn:legwork:schemas:v{MAJOR}:{kind.name}", "title": kind.name}
    return identity | {"description": kind.when} | event | {"$defs": drawn}


def document(kind: Kind) -> str:
    """Write the file of a schema."""
    return as_text(schema(kind))


def as_text(value: object) -> str:
    """Write JSON as people read it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def nested(shapes: Mapping[str, Schema], name: str) -> Iterator[str]:
    """Name the shapes below `name`, each once, in the order in which a reader comes across them."""
    seen = {name}
    waiting = [name]
    while waiting:
        for found in re.findall(r"#/\$defs/(\w+)", str(shapes[waiting.pop(0)].get("properties", {}))):
            if found not in seen:
                seen.add(found)
                waiting.append(found)
                yield found


def _shape(name: str, drawn: Schema) -> Schema:
    """Turn what reads a shape into what describes it written."""
    meaning = {"description": SHAPE_MEANINGS[name]} if name in SHAPE_MEANINGS else {}
    if "enum" in drawn:
        return {"type": "string", **meaning, "enum": drawn["enum"]}
    properties = {
        field: _simple(field, value) | {"description": FIELD_MEANINGS[f"{name}.{field}"]}
        for field, value in drawn["properties"].items()
    }
    return {"type": "object", **meaning, "properties": properties, "required": list(properties)}


def _simple(field: str, value: Schema) -> Schema:
    """Write a value that may be null as one type with null, and name times as such."""
    simple = {key: inner for key, inner in value.items() if key != "default"}
    choices = simple.get("anyOf", ())
    if choices and all(set(choice) == {"type"} for choice in choices):
        simple = {"type": [choice["type"] for choice in choices]}
    if _TIME_NAME.search(field):
        simple |= {"format": "date-time", "pattern": TIME_PATTERN}
    return simple


def _with(shape: Schema, field: str, narrowed: Schema) -> Schema:
    return dict(narrowed) | {"description": shape["properties"][field]["description"]}
