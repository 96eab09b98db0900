"""Event filters: what a subscription asks for, and which notifications that lets through."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scripts.simulator.problems import ApiError
from scripts.simulator.world import EXTENSIONS, OWNER_ID

SESSIONS = "telephony/sessions"
_REMINDER = re.compile(r"/restapi/v1\.0/subscription/~\?threshold=\d+&interval=\d+")
_SESSIONS = re.compile(r"/restapi/v1\.0/account/(?P<account>\d+)(/extension/(?P<extension>\d+))?/telephony/sessions")


def read_filters(
    asked: object, account_id: str, *, may_hear_of_calls: bool
) -> tuple[tuple[str, ...], tuple[dict[str, str], ...]]:
    """Expand the filters asked for; split off those of extensions the user cannot see, and what the app may not."""
    if not isinstance(asked, list) or not asked or not all(isinstance(one, str) for one in asked):
        raise ApiError("bad_parameter", "eventFilters")
    unknown = [one for one in asked if not one.startswith("/restapi/v1.0/")]
    if unknown:
        raise ApiError("filters_invalid", ", ".join(unknown))
    if all(_REMINDER.fullmatch(one) for one in asked):
        raise ApiError("only_reminder")
    expanded = [_expand(one, account_id) for one in asked]
    refused = {one: why for one in expanded if (why := _refusal(one, account_id, may_hear_of_calls=may_hear_of_calls))}
    disabled = tuple({"filter": one, "reason": code, "message": says} for one, (code, says) in refused.items())
    return tuple(one for one in expanded if one not in refused), disabled


def _refusal(event_filter: str, account_id: str, *, may_hear_of_calls: bool) -> tuple[str, str] | None:
    """Say why a filter is not served, by code and message; None where it is."""
    match = _SESSIONS.match(event_filter)
    if match is None:
        return None
    if not may_hear_of_calls:
        return "CMN-401", "Application needs to have [CallControl] permission"
    is_ours = match["account"] == account_id and (match["extension"] or OWNER_ID) in EXTENSIONS
    return None if is_ours else ("CMN-408", "The extension is not visible to the user")


def lets_through(event_filter: str, body: dict[str, Any]) -> bool:
    """Match a notification's party against one telephony filter and its query."""
    match = _SESSIONS.match(event_filter)
    if match is None:
        return False
    party = body["parties"][0]
    if match["extension"] not in {None, party.get("extensionId")}:
        return False
    values = {
        "direction": party["direction"],
        "statusCode": party["status"]["code"],
        "missedCall": str(party["missedCall"]).lower(),
    }
    asked = parse_qs(urlsplit(event_filter).query)
    numbers = {party["to"].get("phoneNumber"), party["from"].get("phoneNumber")}
    return all(values[key] in asked[key] for key in values if key in asked) and (
        "phoneNumber" not in asked or bool(numbers & {f"+{one.strip().lstrip('+')}" for one in asked["phoneNumber"]})
    )


def _expand(event_filter: str, account_id: str) -> str:
    """Write out whom `~` stands for."""
    return event_filter.replace("/account/~", f"/account/{account_id}").replace(
        "/extension/~", f"/extension/{OWNER_ID}"
    )
