"""One installation with one account, RingCentral in a box, and a clock that is set ahead instead of waiting."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from runtime import keys
from runtime.bells import Stage
from runtime.budget import Budget, Group
from runtime.clocks import redis_time
from runtime.guarding import Guarded
from runtime.leases import lease
from runtime.metrics import Recorder
from runtime.redis_client import WORK, connect
from runtime.settings import Account, Credentials, Scope, Settings
from scripts.simulator import CLIENT_ID, CLIENT_SECRET, USER_JWT, RunningSimulator
from telephony.events import CallEvent
from telephony.records import CallLogRecord
from telephony.times import iso_ms
from tests.builders.calls import Call
from tests.outputs import events_of
from workers import dependencies, resolve
from workers.dependencies import Dependencies
from workers.housekeeping import guardian
from workers.housekeeping.guardian import Guardian
from workers.track import tracking

ACCOUNT = "acme"
NOBODY = {"phoneNumber": "+12125550199"}


class Office:
    """Do what `web` and the workers do, in the order the test wants."""

    def __init__(
        self, redis_url: str, platform: RunningSimulator, *, scope: Scope = Scope.ACCOUNT, **settings: Any
    ) -> None:
        self.redis = connect(redis_url, WORK)
        self.platform = platform
        credentials = Credentials(CLIENT_ID, CLIENT_SECRET, USER_JWT)
        account = Account(ACCOUNT, platform.url, scope, credentials, ())
        chosen: dict[str, Any] = {"heavy_limit": 6000, **settings}
        self.settings = Settings(redis_url, (account,), **chosen)
        self.dependencies = Dependencies(self.settings, self.redis, Recorder(self.redis))
        plenty = dict.fromkeys(Group, int(chosen["heavy_limit"]))  # as the platform's headers say
        self.dependencies._budgets[ACCOUNT] = Budget(self.redis, ACCOUNT, plenty)
        dependencies.install(self.dependencies)
        self._ahead = 0.0
        self.redis.set_response_callback("TIME", self._set_ahead)
        platform._box.clock = lambda: self.now

    def _set_ahead(self, answer: Sequence[bytes], **_: Any) -> tuple[int, int]:
        microseconds = int(answer[0]) * 1_000_000 + int(answer[1]) + round(self._ahead * 1_000_000)
        return divmod(microseconds, 1_000_000)

    @property
    def now(self) -> float:
        """The time by the clock all workers share. Seconds."""
        return redis_time(self.redis)

    def let_pass(self, seconds: float) -> None:
        """Set the clock ahead."""
        self._ahead += seconds

    def hear(self, *bodies: bytes) -> None:
        """Receive notifications, as `web` stores them, all in the same millisecond."""
        place = f"{int(self.now * 1000)}-*"
        with self.redis.pipeline(transaction=False) as pipeline:
            for body in bodies:
                pipeline.xadd(keys.inbox(ACCOUNT), {"body": body}, id=place)
            pipeline.execute()

    def track(self) -> None:
        """Run track until it has nothing to do."""
        with tracking(ACCOUNT, self.dependencies) as tracker:
            while tracker.step().read:
                pass

    def resolve(self) -> None:
        """Serve the bell of resolve once."""
        resolve.serve(ACCOUNT)

    def guard(self, account: Account | None = None) -> Guarded:
        """Have the guardian look once."""
        account = account or self.settings.accounts[0]
        with lease(self.redis, account.name, guardian.STAGE) as held:
            return Guardian(account, held, self.dependencies).look()

    def ended(self, call: Call) -> None:
        """Have a call happen and end, as far as its notifications tell; its record may be looked for now."""
        self.hear(*call.bodies)
        self.track()
        self.let_pass(self.settings.quiet_seconds)
        self.track()
        self.let_pass(self.settings.settle_seconds)

    def show(self, record: CallLogRecord) -> None:
        """Have RingCentral's call log show a record, or rewrite the one with its id."""
        self.show_document(document(record, modified_at=self.now))

    def show_document(self, written: dict[str, Any]) -> None:
        """Have the call log show a record as it is written."""
        self.platform._box.call_log.put(written, now=self.now)

    def show_otherwise(self, record: CallLogRecord, change: Callable[[dict[str, Any]], object]) -> None:
        """Have the call log show a record that is changed only where nobody looks for it."""
        written = document(record, modified_at=self.now)
        self.show_document(written)
        change(written)
        entries = self.platform._box.call_log._entries
        entries[written["id"]] = msgspec.structs.replace(entries[written["id"]], detailed=msgspec.json.encode(written))

    def unlist(self, record_id: str) -> None:
        """Have the call log show a record no more."""
        call_log = self.platform._box.call_log
        entry = call_log._entries.pop(record_id)
        call_log._by_start.remove((entry.start, entry.id))
        for key in {entry.telephony_session_id, entry.session_id}:
            call_log._by_session[key].remove(record_id)

    def forgive(self) -> None:
        """Have RingCentral behave again, and all penalties and pauses be over."""
        self.platform.fault("clear")
        self.be_patient()

    def be_patient(self) -> None:
        """Have all penalties and pauses be over: they go by the clock of the server, which nobody sets ahead."""
        names = [name(ACCOUNT, group) for name in (keys.budget, keys.granted) for group in Group]
        self.redis.delete(keys.breaker(ACCOUNT), *names)

    def published(self, call: Call | str) -> list[CallEvent]:
        """Give everything published of a call, in order."""
        return events_of(self.redis, call if isinstance(call, str) else call.telephony_session_id)

    def outcomes(self, call: Call | str) -> list[CallEvent]:
        """Give what was published of a call from the call log."""
        return [event for event in self.published(call) if event.data.revision]

    def is_due(self, call: Call | str) -> bool:
        """Say whether the call is to be looked at, now or later."""
        one = call if isinstance(call, str) else call.telephony_session_id
        return self.redis.zscore(keys.due(ACCOUNT), one) is not None

    def next_bell(self, stage: Stage) -> float | None:
        """Say in how many seconds the clock rings a stage."""
        score = self.redis.zscore(keys.BELLS, f"{stage}|{ACCOUNT}")
        return None if score is None else float(score) - self.now

    def close(self) -> None:
        """Close the connections."""
        self.dependencies.shifts.finish()
        self.dependencies._session.close()
        self.redis.close()


def document(record: CallLogRecord, *, modified_at: float) -> dict[str, Any]:
    """Write a record as RingCentral does, with somebody at both ends of every part."""
    written: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
    written.setdefault("legs", [])
    for part in (written, *written["legs"]):
        part.setdefault("from", NOBODY)
        part.setdefault("to", NOBODY)
        if "startTime" in part:
            part["startTime"] = iso_ms(datetime.fromisoformat(part["startTime"]))
    return {
        "uri": f"https://platform.example/restapi/v1.0/account/60200000/call-log/{record.id}?view=Detailed",
        "lastModifiedTime": iso_ms(datetime.fromtimestamp(modified_at, UTC)),
        **written,
    }
