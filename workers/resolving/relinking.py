"""Judge conversations anew in which a link is new, or a session has turned out to have begun earlier.

Of the calls themselves nothing has changed, so nobody need be asked: what was published last of each is published once
more with its new place in the conversation, if that differs.
"""

from typing import Final

import msgspec
from redis import Redis

from runtime import bells, ledger, links, outcome_log
from runtime.bells import Stage
from runtime.leases import Lease
from runtime.ledger import Resolution
from runtime.logs import log
from runtime.metrics import FAILURES, Recorder
from runtime.outcome_log import Entry
from telephony import events
from telephony.conversations import Place
from telephony.events import CallData
from telephony.times import moment_at
from workers.resolving.cases import Judged, News
from workers.resolving.judgement import PUT_ASIDE_SECONDS
from workers.resolving.telling import tell
from workers.tracking import conversations

TOGETHER: Final = 100
"""Changed sessions looked after in one atomic step."""


def relink(redis: Redis, account: str, held: Lease, recorder: Recorder, *, now: float, retention: float) -> None:
    """Look after the conversations that have changed, under resolve's lease."""
    while changed := links.waiting(redis, account, now, most=TOGETHER):
        stored = links.load(redis, account, list(changed))
        known = {one for some in stored.values() for one in some}
        gathered = conversations.gather(redis, account, known, loaded=changed)
        resolutions = ledger.resolutions(redis, account, sorted({*changed, *gathered.links}))
        told = [one for one, known in resolutions.items() if known.revision]  # of the others the outcome will say it
        newest = outcome_log.newest_of(redis, account, told)
        before = {one: data for one, entry in newest.items() if (data := _read(account, one, entry, recorder))}
        judged = [
            news
            for one, data in before.items()
            if (news := _relinked(account, resolutions[one], data, gathered.place(one), now=now, retention=retention))
        ]
        commands = [command for one in judged for command in one.commands]
        commands += links.done(account, changed)
        unread = sorted(newest.keys() - before.keys())
        commands += [links.put_aside(account, one, until=now + PUT_ASIDE_SECONDS) for one in unread]
        held.commit([*commands, *bells.keep(Stage.RESOLVE, account, now)])
        tell(account, judged, recorder)
        if len(changed) < TOGETHER:
            return


def _read(account: str, telephony_session_id: str, newest: Entry, recorder: Recorder) -> CallData | None:
    """Read what was published last of a call; None where only another version can: it is put aside."""
    try:
        return events.decode(newest.document).data
    except msgspec.MsgspecError as error:
        log.exception("call.put_aside", account=account, session=telephony_session_id)
        recorder.count(FAILURES, Stage.RESOLVE, type(error).__name__)
        return None


def _relinked(
    account: str, resolution: Resolution, before: CallData, place: Place, *, now: float, retention: float
) -> Judged | None:
    """Say what has changed of a call's conversation since its last revision: of the call itself nothing has."""
    if events.is_placed(before, place):
        return None
    event = events.relinked(before, place, revision=resolution.revision + 1, now=moment_at(now))
    digest = events.digest(event.data)
    if digest == resolution.digest:
        return None
    resolution = msgspec.structs.replace(resolution, revision=event.data.revision, digest=digest)
    written = ledger.write_resolution(account, before.telephony_session_id, resolution, retention=retention)
    published = outcome_log.published(account, event, retention=retention)
    return Judged((written, published), news=News(event, before, (), deliver=True))
