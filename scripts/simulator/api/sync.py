"""The endpoints of the change feeds."""

from flask import Request

from scripts.simulator.api import asked
from scripts.simulator.api.call_log import extension_id, refuse_if_switched_off
from scripts.simulator.api.reply import Reply
from scripts.simulator.box import Box
from scripts.simulator.moments import written
from scripts.simulator.problems import ApiError
from scripts.simulator.sync import (
    DEFAULT_PER_EXTRACT,
    MOST_PER_EXTRACT,
    MOST_PER_SYNC,
    Page,
    SyncToken,
    extract,
    full_sync,
    incremental_sync,
    read_token,
)

SYNC, EXTRACT = "call-log-sync", "call-log-extract-sync"
_SYNC_REACH_SECONDS = 30 * 86_400
_EXTRACT_REACH_SECONDS = 3600


def sync_company(box: Box, request: Request) -> Reply:
    """Synchronise the account's recent calls."""
    return _sync(box, request, None)


def sync_extension(box: Box, request: Request, extension: str) -> Reply:
    """Synchronise one extension's recent calls."""
    return _sync(box, request, extension_id(extension))


def extract_company(box: Box, request: Request) -> Reply:
    """Hand out the account's changed records."""
    refuse_if_switched_off(box, EXTRACT, "ReadCompanyCallLog")
    if _is_full(request):
        reach = asked.moment(request, "dateFrom")
        since = box.clock() - _EXTRACT_REACH_SECONDS if reach is None else reach
        token = SyncToken(
            EXTRACT,
            box.call_log.generation,
            box.call_log.first_change_at(since),
            asked.number(request, "recordCount", DEFAULT_PER_EXTRACT, most=MOST_PER_EXTRACT),
        )
    else:
        if "recordCount" in request.args:
            raise ApiError("bad_parameter", "recordCount")
        token = read_token(request.args.get("syncToken"), EXTRACT, box.call_log)
    page = extract(box.call_log, token)
    return _answer(box, request, page, newerRecordsExist=page.more)


def _sync(box: Box, request: Request, extension: str | None) -> Reply:
    refuse_if_switched_off(box, SYNC, "ReadCompanyCallLog")
    if not _is_full(request):
        token = read_token(request.args.get("syncToken"), SYNC, box.call_log)
        if token.extension != extension:
            raise ApiError("sync_token_invalid")
        return _answer(box, request, incremental_sync(box.call_log, token))
    now = box.clock()
    since = asked.moment(request, "dateFrom")
    if since is not None and since < now - _SYNC_REACH_SECONDS:
        raise ApiError("bad_parameter", "dateFrom")
    token = SyncToken(
        SYNC,
        box.call_log.generation,
        0,
        asked.number(request, "recordCount", None, most=MOST_PER_SYNC),
        frame_start=since or 0.0,
        missed_only=asked.words(request, "statusGroup", ("Missed", "All")) == {"Missed"},
        extension=extension,
    )
    return _answer(box, request, full_sync(box.call_log, token, now=now))


def _is_full(request: Request) -> bool:
    """Read which of the two kinds of sync is wanted; FSync where nothing is said."""
    kind = asked.words(request, "syncType", ("FSync", "ISync")) or {"FSync"}
    return kind == {"FSync"}


def _answer(box: Box, request: Request, page: Page, **more_facts: bool) -> Reply:
    facts = {
        "syncType": "FSync" if _is_full(request) else "ISync",
        "syncToken": page.token.written(),
        "syncTime": written(box.clock()),
        **more_facts,
    }
    view = asked.view(request)
    records = [entry.shown(view) for entry in page.entries]
    return Reply({"uri": f"{box.base_url}{request.full_path}", "records": records, "syncInfo": facts})
