"""Read the answer to a request for several records: 207, with a status and a body for each.

RingCentral writes it as JSON when asked to, and as multipart/mixed when it does not listen; a single id gives the bare
record. https://developers.ringcentral.com/guide/basics/batch-requests
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from telephony.call_log import CallLogPage, MalformedPage, MalformedRecord, decode_record
from telephony.records import CallLogRecord

BATCH_JSON: Final = "application/vnd.ringcentral.multipart+json"
_OK: Final = 200


class _Item(msgspec.Struct, frozen=True):
    status: int
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Identified(msgspec.Struct, frozen=True):
    id: Any


def decode_batch(body: bytes) -> CallLogPage:
    """Read the records that were found; those that were not are left out. Raises MalformedPage for anything else."""
    body = body.strip()
    if body.startswith(b"{"):
        return CallLogPage((decode_record(body),))
    records: list[CallLogRecord] = []
    malformed: list[MalformedRecord] = []
    for index, raw in enumerate(_of_multipart(body) if body.startswith(b"--") else _of_json(body)):
        try:
            records.append(decode_record(raw))
        except MalformedPage as error:
            malformed.append(MalformedRecord(index, str(error), raw))
    return CallLogPage(tuple(records), tuple(malformed))


def _of_json(body: bytes) -> Iterator[bytes]:
    try:
        items = msgspec.json.decode(body, type=tuple[_Item, ...])
    except msgspec.DecodeError as error:
        raise MalformedPage(f"not an answer for several records: {error}") from error
    return (bytes(item.body) for item in items if item.status == _OK)


def _of_multipart(body: bytes) -> Iterator[bytes]:
    """Give the parts that are records: the first part lists the statuses, and errors have no id."""
    boundary, _, rest = body.partition(b"\n")
    boundary = boundary.strip()
    if not rest.rstrip().endswith(boundary + b"--"):
        raise MalformedPage("cut short")
    contents = (part.replace(b"\r\n", b"\n").partition(b"\n\n")[2].strip() for part in rest.split(boundary))
    return (content for content in contents if _has_id(content))


def _has_id(content: bytes) -> bool:
    try:
        msgspec.json.decode(content, type=_Identified)
    except msgspec.DecodeError:
        return False
    return True
