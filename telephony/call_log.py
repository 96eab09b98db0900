"""Read the bodies of the Call Log API into records; one bad record never harms its page.

A page is first read typed in one go. Only if that fails is it taken apart, and only the records that do not fit are
repaired; what then still does not fit is handed back as malformed, with the evidence.
Schema: CallLogResponse, CallLogSyncResponse, CallLogExtractSyncResponse,
https://developers.ringcentral.com/api-reference/Call-Log/readCompanyCallLog
"""

from typing import Final

import msgspec

from telephony.records import CallLogRecord
from telephony.repair import RepairError, repaired, tidied


class MalformedPage(ValueError):
    """The body is not a page of the call log: HTML, an error body, or cut short. Asking again may help."""


class NoToken(MalformedPage):
    """A page, but none of a change feed: it has no token to go on with, and asking again will not help."""


class MalformedRecord(msgspec.Struct, frozen=True):
    """A record of an otherwise good page that could not be read: what to look for, why, and the evidence."""

    index: int
    error: str
    raw: bytes


class CallLogPage(msgspec.Struct, frozen=True):
    """One page of the list. `next_page` is the link to the one after it, None on the last."""

    records: tuple[CallLogRecord, ...]
    malformed: tuple[MalformedRecord, ...] = ()
    next_page: str | None = None


class SyncPage(msgspec.Struct, frozen=True):
    """One answer of the change feed. `sync_token` asks for what changed after it."""

    records: tuple[CallLogRecord, ...]
    malformed: tuple[MalformedRecord, ...]
    sync_token: str
    newer_records_exist: bool


class _Link(msgspec.Struct, frozen=True):
    uri: str | None = None


class _Navigation(msgspec.Struct, frozen=True, rename="camel"):
    next_page: _Link | None = None


class _SyncInfo(msgspec.Struct, frozen=True, rename="camel"):
    sync_token: str
    newer_records_exist: bool = False


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    """A page as it should be."""

    records: tuple[CallLogRecord, ...]
    navigation: _Navigation | None = None
    sync_info: _SyncInfo | None = None


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    """A page whose records are still closed."""

    records: tuple[msgspec.Raw, ...]
    navigation: _Navigation | None = None
    sync_info: _SyncInfo | None = None


_PAGE: Final = msgspec.json.Decoder(_Page)
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_RECORD: Final = msgspec.json.Decoder(CallLogRecord)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_page(body: bytes) -> CallLogPage:
    """Read one page of the call-log list. Raises MalformedPage when the body is none."""
    page, malformed = _read(body)
    link = page.navigation.next_page if page.navigation else None
    return CallLogPage(
        records=page.records,
        malformed=malformed,
        next_page=link.uri if link else None,
    )


def decode_sync(body: bytes) -> SyncPage:
    """Read one answer of the change feed. Raises MalformedPage when the body is none, or has no token to go on with."""
    page, malformed = _read(body)
    if page.sync_info is None:
        raise NoToken("no syncInfo, so no token to go on with")
    return SyncPage(
        records=page.records,
        malformed=malformed,
        sync_token=page.sync_info.sync_token,
        newer_records_exist=page.sync_info.newer_records_exist,
    )


def decode_record(body: bytes) -> CallLogRecord:
    """Read a single record, repaired if need be. Raises MalformedPage when it is none: an error body names no call."""
    record = _read_record(0, body)
    if isinstance(record, MalformedRecord):
        raise MalformedPage(record.error)
    if not (record.id or record.session_id or record.telephony_session_id):
        raise MalformedPage("an object that names no call")
    return record


def _read(body: bytes) -> tuple[_Page, tuple[MalformedRecord, ...]]:
    """Read a page in one go; failing that, record by record."""
    try:
        return _PAGE.decode(body), ()
    except _UNREADABLE:
        envelope = _open(body)
    read = [_read_record(index, bytes(raw)) for index, raw in enumerate(envelope.records)]
    page = _Page(
        records=tuple(record for record in read if isinstance(record, CallLogRecord)),
        navigation=envelope.navigation,
        sync_info=envelope.sync_info,
    )
    return page, tuple(record for record in read if isinstance(record, MalformedRecord))


def _open(body: bytes) -> _Envelope:
    """Open a page without reading its records; raises MalformedPage if it is none."""
    try:
        return _ENVELOPE.decode(body)
    except _UNREADABLE:
        pass
    try:
        return _ENVELOPE.decode(tidied(body))
    except (RepairError, *_UNREADABLE) as error:
        raise MalformedPage(f"not a page of the call log: {error}") from error


def _read_record(index: int, raw: bytes) -> CallLogRecord | MalformedRecord:
    """Read one record as it should be; failing that, repaired; failing that, say why not."""
    try:
        return _RECORD.decode(raw)
    except _UNREADABLE:
        pass
    try:
        return msgspec.convert(repaired(raw), CallLogRecord, strict=False)
    except (RepairError, *_UNREADABLE) as error:
        return MalformedRecord(index=index, error=str(error), raw=raw)
