#!/usr/bin/env python3
"""Explain one call: what we were told of it and when, what was published, and which rule and leg gave each value."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

import msgspec
from redis import Redis

from runtime.deliveries import attempts
from runtime.showing import call_history
from runtime.showing.call_document import document
from runtime.showing.call_history import CallHistory
from scripts.terminal.beginnings import beginning
from scripts.terminal.call_report import report
from scripts.terminal.command import Refused, add_data_option, at_the_terminal, command_parser
from scripts.terminal.installation import judge_account
from scripts.terminal.redis_server import open_redis
from telephony.events import CallEvent

DONE = 0
MOST_NAMED = 10
EPILOG = """
A session is named by its telephonySessionId, as it stands in every event (`subject`) and in `./scripts/tail.py --json`;
the beginning will do, as long as only one call has it. What is told:

  time line     each notification with its sequence number and what it said of its party; when all parties had left
                (ended), when the record was seen in the call log, each revision as it was published, the next look
  parties       what each party said last, which is what the end of the call is told from
  legs          the record's legs, with our words for whose they are (role) and what became of them (status)
  why           each derived value with the rule that gave it and the leg it looked at, if one decided

Notifications are kept for INBOX_RETENTION_SECONDS, the rest for RETENTION_SECONDS.
Redis is the one of REDIS_URL, in the environment or in .env, else the embedded server of a running ./scripts/run.
exit codes: 0 done, 1 failed or no such call, 2 usage
"""


def main() -> int:
    """Explain the call."""
    options = _options()
    with open_redis(options.data) as redis:
        judge_account(redis, options.account)
        account, telephony_session_id = _find(redis, options.session, options.account)
        history = _history(redis, account, telephony_session_id)
        sent = attempts.of_call(redis, account, telephony_session_id)
    event = _revision(history, options.revision)
    if options.json:
        print(msgspec.json.encode(document(history, event, sent)).decode())
    else:
        print("\n".join(report(history, event)))
    return DONE


def _find(redis: Redis, beginning: str, account: str | None) -> tuple[str, str]:
    """Find the one call that begins so; a whole id is never taken for the beginning of another."""
    found = [call for call in call_history.find(redis, [beginning])[beginning] if account in {None, call[0]}]
    whole = [call for call in found if call[1] == beginning]
    candidates = whole or found
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        within = "" if account is None else f" in account {account!r}"
        raise Refused(
            f"no call's telephonySessionId begins with {beginning!r}{within} (or it is older than we keep calls)"
        )
    named = "".join(f"\n  {one} of account {name}" for name, one in candidates[:MOST_NAMED])
    more = len(candidates) - MOST_NAMED
    raise Refused(f"{len(candidates)} calls begin so:{named}" + (f"\n  and {more} more" if more > 0 else ""))


def _history(redis: Redis, account: str, telephony_session_id: str) -> CallHistory:
    """Read what there is of the call. Raises Refused where it was erased."""
    history = call_history.read(redis, account, telephony_session_id, around=call_history.WIDELY_SECONDS)
    if history.is_erased:
        raise Refused(f"call {telephony_session_id} of account {account} was erased: nothing is kept of it")
    return history


def _revision(history: CallHistory, wanted: int | None) -> CallEvent | None:
    """Choose the revision to explain: the one asked for, else the newest, if anything was published."""
    if wanted is None:
        return history.events[-1] if history.events else None
    for event in history.events:
        if event.data.revision == wanted:
            return event
    there = ", ".join(str(event.data.revision) for event in history.events) or "none"
    raise Refused(f"no revision {wanted} was published of this call; there is {there}")


def _options() -> argparse.Namespace:
    parser = command_parser("explain.py", __doc__, EPILOG)
    add = parser.add_argument
    add("session", metavar="SESSION", type=beginning, help="telephonySessionId, or its beginning")
    add("--revision", type=int, metavar="N", help="explain this revision (the newest)")
    add("--account", metavar="NAME", help="the call's account, by its name in the settings, where two know the call")
    add("--json", action="store_true", help="print one JSON document")
    add_data_option(parser)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
