"""The published schemas, held against events made by the product from whole samples."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from scripts.venv import ROOT
from telephony import operator_events, trial
from telephony.call_log import decode_page, decode_record
from telephony.destinations import FIELDS
from telephony.events import encode, ended, with_changes
from telephony.live_events import updated
from telephony.operator_events import Alert, Told, What
from telephony.records import CallLogRecord
from telephony.sessions import fold
from tests.builders.calls import ivr_call, queue_call, ringout_call
from tests.builders.events import an_outcome, unresolved
from tests.builders.notifications import second
from tests.builders.sessions import folded

REFERENCE = ROOT / "docs" / "reference"


def records_of(path: Path) -> tuple[CallLogRecord, ...]:
    """Read the records of a sample: a page of some, or one alone."""
    body = path.read_bytes()
    return decode_page(body).records if "records" in msgspec.json.decode(body) else (decode_record(body),)


RECORDS = {
    f"{path.stem} {number}": record
    for path in sorted((ROOT / "tests" / "samples" / "call_log").glob("*.json"))
    for number, record in enumerate(records_of(path))
}
CALLS = {"ivr": ivr_call(), "queue": queue_call(), "ringout": ringout_call()}
NAMES = [
    "legwork.call.ended",
    "legwork.call.outcome",
    "legwork.call.updated",
    "legwork.destination.test",
    "legwork.operator",
]


def schema(name: str) -> dict[str, Any]:
    read: dict[str, Any] = msgspec.json.decode((REFERENCE / "schemas" / f"{name}.json").read_bytes())
    return read


def faults(name: str, document: bytes) -> list[str]:
    """Say what is wrong with a document, fields that the schema does not know included."""
    validator = Draft202012Validator(closed(schema(name)), format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(msgspec.json.decode(document))]


def closed(drawn: Any) -> Any:
    """Give the same schema, in which an object has no field that is not described."""
    if isinstance(drawn, list):
        return [closed(one) for one in drawn]
    if not isinstance(drawn, dict):
        return drawn
    inner = {key: closed(value) for key, value in drawn.items()}
    return inner | {"additionalProperties": False} if isinstance(drawn.get("properties"), dict) else inner


def objects(drawn: Any) -> Iterator[dict[str, Any]]:
    """Give every object that a schema describes."""
    if isinstance(drawn, dict):
        if drawn.get("type") == "object":
            yield drawn
        for value in drawn.values():
            yield from objects(value)


def test_what_whoever_runs_it_is_told_is_as_described() -> None:
    alert = Alert(what=What.ACCOUNT_PARKED, about="acme", account="acme", message="No.", since=1.0, details={"a": "b"})

    assert faults("legwork.operator", encode(operator_events.event(alert, Told.RAISED, now=2.0))) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))

    assert schema(name)["$id"] == f"urn:legwork:schemas:v1:{name}"


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_always_there_and_says_what_it_is(name: str) -> None:
    for described in objects(schema(name)):
        assert described["required"] == list(described["properties"])
        assert all(field["description"].endswith((".", "…")) for field in described["properties"].values())


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_the_outcome_of_every_sample_is_as_described(record: CallLogRecord) -> None:
    event = an_outcome(record)
    later = with_changes(an_outcome(record, revision=2), an_outcome().data)

    assert faults("legwork.call.outcome", encode(event)) == []
    assert faults("legwork.call.outcome", encode(later)) == []


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_end_of_every_sample_is_as_described(call: Any) -> None:
    session = folded(*call.notifications)

    assert faults("legwork.call.ended", encode(ended(session, now=second(60)))) == []
    assert faults("legwork.call.outcome", encode(unresolved(session, revision=1, now=second(960)))) == []


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_news_of_a_call_that_is_on_are_as_described(call: Any) -> None:
    session = None
    for notification in call.notifications:
        session = fold(session, notification)
        assert faults("legwork.call.updated", encode(updated(session, now=second(60)))) == []


def test_the_test_of_a_destination_is_as_described() -> None:
    assert faults("legwork.destination.test", encode(trial.trial("d-1", "1", now=second(1)))) == []


def test_an_event_of_one_type_is_none_of_another() -> None:
    outcome = encode(an_outcome())

    assert [name for name in NAMES if not faults(name, outcome)] == ["legwork.call.outcome"]


@pytest.mark.parametrize(
    ("path", "value"),
    [("time", "yesterday"), ("data.revision", 0), ("data.outcome", "lost"), ("data.from", None), ("data.legs", {})],
)
def test_what_is_no_event_of_ours_is_refused(path: str, value: object) -> None:
    document = msgspec.json.decode(encode(an_outcome()))
    spoiled = deepcopy(document)
    place = spoiled
    *outer, last = path.split(".")
    for name in outer:
        place = place[name]
    place[last] = value

    assert faults("legwork.call.outcome", msgspec.json.encode(spoiled))


def test_a_consumer_that_validates_survives_a_field_of_tomorrow() -> None:
    document = msgspec.json.decode(encode(an_outcome())) | {"tomorrow": 1}

    assert Draft202012Validator(schema("legwork.call.outcome")).is_valid(document)


def test_the_fields_a_destination_may_choose_are_those_described() -> None:
    assert schema("legwork.call.outcome")["$defs"]["CallData"]["properties"].keys() == FIELDS


def test_the_asyncapi_document_holds_together() -> None:
    document = msgspec.json.decode((REFERENCE / "asyncapi.json").read_bytes())

    assert document["asyncapi"] == "3.0.0"
    assert document["channels"]["outcomes"]["address"] == "legwork:outcomes"
    assert document["channels"]["liveOfExtension"]["address"] == "legwork:live:{account}:{extensionId}"
    for reference in references(document):
        if reference.startswith("#/"):
            assert found(document, reference)
        else:
            assert (REFERENCE / reference).exists()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def found(document: Any, reference: str) -> Any:
    for name in reference.removeprefix("#/").split("/"):
        document = document[name]
    return document
