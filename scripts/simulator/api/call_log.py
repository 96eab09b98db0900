"""The call-log endpoints: lists with filters and pages, single records, several records at once."""

from collections.abc import Iterable
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Request

from scripts.simulator.api import asked
from scripts.simulator.api.reply import Reply
from scripts.simulator.box import Box
from scripts.simulator.call_log import Entry
from scripts.simulator.problems import ApiError
from scripts.simulator.world import EXTENSIONS, OWNER_ID

DAY_SECONDS = 86_400
MOST_PER_PAGE = 1000
MOST_PER_BATCH = 50
_NEVER_BESIDE_SESSION_ID = ("extensionNumber", "phoneNumber", "dateFrom", "dateTo", "direction", "type")


def list_company(box: Box, request: Request) -> Reply:
    """List the account's records."""
    return _list(box, request, None)


def list_extension(box: Box, request: Request, extension: str) -> Reply:
    """List one extension's records."""
    return _list(box, request, extension_id(extension))


def show_company(box: Box, request: Request, record_ids: str) -> Reply:
    """Show one of the account's records, or several named with commas."""
    return _show(box, request, record_ids, None)


def show_extension(box: Box, request: Request, extension: str, record_ids: str) -> Reply:
    """Show one of an extension's records, or several named with commas."""
    return _show(box, request, record_ids, extension_id(extension))


def extension_id(text: str) -> str:
    """Read the extension of a path; `~` is the token's own."""
    given = OWNER_ID if text == "~" else text
    if given not in EXTENSIONS:
        raise ApiError("not_found", "extensionId")
    return given


def refuse_if_switched_off(box: Box, endpoint: str, permission: str) -> None:
    """Answer as RingCentral does when the permission is missing or the service is ill, if a fault says so."""
    if box.faults.forbids(endpoint):
        raise ApiError("user_forbidden", permission)
    if box.faults.breaks(endpoint):
        raise ApiError("internal")


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to, beside the time."""

    directions: frozenset[str]
    types: frozenset[str]
    number: str | None
    extension: str | None

    @property
    def empty(self) -> bool:
        """Say whether every record passes."""
        return not (self.directions or self.types or self.number or self.extension)

    def passes(self, entry: Entry) -> bool:
        """Say whether a record is wanted."""
        return (
            (not self.directions or entry.direction in self.directions)
            and (not self.types or entry.type in self.types)
            and (self.number is None or self.number in entry.numbers)
            and (self.extension is None or self.extension in entry.extension_ids)
        )


def _list(box: Box, request: Request, extension: str | None) -> Reply:
    refuse_if_switched_off(box, "call-log", "ReadCompanyCallLog")
    view = asked.view(request)
    page = asked.number(request, "page", 1)
    per_page = asked.number(request, "perPage", 100, most=MOST_PER_PAGE)
    filters = Filters(
        directions=asked.words(request, "direction", ("Inbound", "Outbound")),
        types=asked.words(request, "type", ("Voice", "Fax")),
        number=(request.args.get("phoneNumber") or "").strip().lstrip("+") or None,
        extension=extension,
    )
    entries: Iterable[Entry] = _candidates(box, request)
    if not filters.empty:
        entries = filter(filters.passes, entries)
    first = (page - 1) * per_page
    found = list(islice(entries, first, first + per_page + 1))
    shown = [entry.shown(view) for entry in found[:per_page]]
    paging: dict[str, int] = {"page": page, "perPage": per_page}
    if shown:
        paging |= {"pageStart": first, "pageEnd": first + len(shown) - 1}
    return Reply(
        {
            "uri": _link(box, request, page, per_page),
            "records": shown,
            "paging": paging,
            "navigation": _navigation(box, request, page, per_page, more=len(found) > per_page),
        }
    )


def _candidates(box: Box, request: Request) -> Iterable[Entry]:
    """Go through the records of the session or the window asked for, newest first."""
    session_id = request.args.get("sessionId")
    if session_id is not None:
        for name in _NEVER_BESIDE_SESSION_ID:
            if name in request.args:
                raise ApiError("session_id_alone", name)
        return box.call_log.of_session(session_id)
    latest = asked.moment(request, "dateTo")
    latest = box.clock() if latest is None else latest
    earliest = asked.moment(request, "dateFrom")
    earliest = latest - DAY_SECONDS if earliest is None else earliest
    telephony_session_id = request.args.get("telephonySessionId")
    if telephony_session_id is not None:
        of_session = box.call_log.of_session(telephony_session_id)
        return [entry for entry in of_session if earliest <= entry.start <= latest]
    return box.call_log.started_between(earliest, latest)


def _navigation(box: Box, request: Request, page: int, per_page: int, *, more: bool) -> dict[str, Any]:
    links = {"firstPage": {"uri": _link(box, request, 1, per_page)}}
    if page > 1:
        links["previousPage"] = {"uri": _link(box, request, page - 1, per_page)}
    if more:
        links["nextPage"] = {"uri": _link(box, request, page + 1, per_page)}
    return links


def _link(box: Box, request: Request, page: int, per_page: int) -> str:
    """Write the address of a page of the same list."""
    kept = [(key, value) for key, value in request.args.items(multi=True) if key not in {"page", "perPage"}]
    query = urlencode([*kept, ("page", str(page)), ("perPage", str(per_page))], safe=":")
    return f"{box.base_url}{request.path}?{query}"


def _show(box: Box, request: Request, record_ids: str, extension: str | None) -> Reply:
    refuse_if_switched_off(box, "call-log", "ReadCompanyCallLog")
    view = asked.view(request)
    wanted = record_ids.split(",")
    if len(wanted) > MOST_PER_BATCH:
        raise ApiError("bad_parameter", "callRecordId")
    found = {record_id: _find(box, record_id, extension) for record_id in wanted}
    if len(wanted) == 1:
        entry = found[record_ids]
        if entry is None:
            raise ApiError("not_found", "callRecordId")
        return Reply(entry.shown(view))
    missing = ApiError("not_found", "callRecordId")
    parts = [
        {"resourceId": record_id, "status": 404, "body": missing.body()}
        if entry is None
        else {"resourceId": record_id, "status": 200, "body": entry.shown(view)}
        for record_id, entry in found.items()
    ]
    return Reply(parts, 207)


def _find(box: Box, record_id: str, extension: str | None) -> Entry | None:
    entry = box.call_log.get(record_id)
    return entry if entry is None or extension is None or extension in entry.extension_ids else None
