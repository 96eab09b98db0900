"""Judge conversations anew in which a link is new, or a session has turned out to have begun earlier.

Of the calls themselves nothing has changed, so nobody need be asked: what was published last of each is published once
more with its new place in the conversation, if that differs.
"""

from typing import Final

from redis import Redis

from runtime import bells, ledger, links
from runtime.bells import Stage
from runtime.leases import Lease
from runtime.metrics import Recorder
from workers import conversations
from workers.judgement import Judge
from workers.telling import tell

TOGETHER: Final = 100
"""Changed sessions looked after in one atomic step."""


def relink(redis: "Redis", account: str, judge: Judge, held: Lease, recorder: Recorder, *, now: float) -> None:
    """Look after the conversations that have changed, under resolve's lease."""
    while changed := links.waiting(redis, account, now, most=TOGETHER):
        stored = links.load(redis, account, list(changed))
        known = {one for some in stored.values() for one in some}
        gathered = conversations.gather(redis, account, known, loaded=changed)
        resolutions = ledger.resolutions(redis, account, sorted(gathered.links))
        judged = [
            news
            for one, resolution in resolutions.items()
            if (news := judge.relinked(one, resolution, gathered.place(one), now=now))
        ]
        commands = [command for one in judged for command in one.commands]
        done = links.done(account, changed)
        held.commit([*commands, *done, *bells.keep(Stage.RESOLVE, account, now)])
        tell(account, judged, recorder)
        if len(changed) < TOGETHER:
            return
