"""Ask for replays as people do, and carry them out as the replay stage does."""

from collections.abc import Callable
from typing import Any

from runtime import replays
from runtime.replays import Asked, Finding, Level, Replay
from telephony.records import CallLogRecord
from telephony.selection import Selection
from tests.builders.calls import Call, ivr_call
from tests.workers.office import ACCOUNT, Office
from tests.workers.test_resolve import look, the_record
from workers import replay

MANY = 50


class ReplayOffice:
    """The replay stage of an office."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.redis = office.redis

    def ask(self, level: Level, *, dry_run: bool = False, deliver: bool = True, **selection: Any) -> Replay:
        """Ask for a replay."""
        asked = Asked(level=level, selection=Selection(**selection), dry_run=dry_run, deliver=deliver)
        return replays.create(self.redis, ACCOUNT, asked)

    def serve(self) -> None:
        """Serve the stage's bell once."""
        replay.serve(ACCOUNT)

    def finish(self, asked: Replay) -> Replay:
        """Serve the bell until the replay is over."""
        for _ in range(MANY):
            self.serve()
            found = self.look(asked)
            if found.is_over:
                return found
            self.office.let_pass(5)
        raise AssertionError(f"not over: {self.look(asked)}")

    def run(self, level: Level, **asked: Any) -> Replay:
        """Ask for a replay, and carry it out to its end."""
        return self.finish(self.ask(level, **asked))

    def look(self, asked: Replay) -> Replay:
        """Read how far a replay has come."""
        found = replays.load(self.redis, ACCOUNT, asked.id)
        assert found is not None
        return found

    def findings(self, asked: Replay) -> list[Finding]:
        """Read what a replay found."""
        return replays.findings(self.redis, ACCOUNT, asked.id)

    def resolved(self, number: int = 0, *, record: Callable[[Call], CallLogRecord] | None = None) -> Call:
        """Have a call happen and get its outcome."""
        call = ivr_call().ending_at(self.office.now - number)
        self.office.ended(call)
        self.office.show(record(call) if record else the_record(call, id=f"R{call.telephony_session_id[-10:]}"))
        look(self.office, times=3)
        assert len(self.office.outcomes(call)) == 1
        return call
