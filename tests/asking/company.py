"""A company with calls, in a simulated RingCentral whose clock is the test's."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import structs

from scripts.simulator import moments
from scripts.simulator.box import Box
from scripts.simulator.calls import Dealer
from scripts.simulator.fault_table import FaultRequest, switch
from scripts.simulator.notifications import notification, notification_body, notification_uuid
from scripts.simulator.records import RecordWriter
from scripts.simulator.scenarios import SCENARIOS
from scripts.simulator.take import Take
from tests.asking.clock import Clock
from tests.asking.legwork import Legwork

EXTRACT, SYNC, LIST = "call-log-extract-sync", "call-log-sync", "call-log"


class Asked(msgspec.Struct, frozen=True):
    """A request as it came in: when, for what, and what it was answered."""

    time: float
    path: str
    query: Mapping[str, str]
    status: int
    during_penalty: bool

    @property
    def endpoint(self) -> str:
        """The last word of its path."""
        return self.path.rpartition("/")[2]

    @property
    def kind(self) -> str:
        """Of a feed, which of the two kinds of sync it is; of the list, whether a call is looked up."""
        return self.query.get("syncType") or ("look-up" if "telephonySessionId" in self.query else "window")


class Company:
    """Makes calls: has their notifications heard and their records listed when their time comes."""

    def __init__(self, box: Box, clock: Clock) -> None:
        self.box = box
        self.url = box.base_url
        self.clock = clock
        self._hear: Callable[[list[bytes]], None] = lambda _bodies: None
        self._dealer = Dealer(box.configuration)
        self._writer = RecordWriter(box.base_url, box.configuration.account_id)

    def heard_by(self, legwork: Legwork, account: str) -> None:
        """Have notifications posted."""
        self._hear = lambda bodies: legwork.hear(account, bodies)

    def call(
        self,
        scenario: str = "inbound_direct_answered",
        *,
        begins: float = 0.0,
        length: float = 30.0,
        lag: float = 8.0,
        mid_call: bool = False,
        recording: float | None = None,
        heard: bool = True,
        listed: bool = True,
    ) -> Take:
        """Make a call (the first of its sessions), `begins` seconds from now; `recording` seconds after its record.

        Its notifications are `heard` all together when it ends, or never; its records are `listed`, or never.
        """
        dealt = self._dealer.deal_one(SCENARIOS[scenario])
        stretch = length / dealt.scenario.length
        call = structs.replace(dealt, stretch=stretch, lag=lag, provisional=mid_call, recording_delay=recording)
        take = Take(call=call, place=0, started_at=self.clock() + begins, speed=1.0)
        if heard:
            self.clock.at(take.ends_at, lambda: self.tell(take))
        if listed and take.listed_mid_call_at is not None:
            self.clock.at(take.listed_mid_call_at, lambda: self.show_mid_call(take))
        if listed:
            self.clock.at(take.record_at, lambda: self.show(take))
        if listed and take.recording_at is not None:
            self.clock.at(take.recording_at, lambda: self.show(take, recorded=True))
        return take

    def converse(self, scenario: str, *, length: float = 30.0, listed: bool = True) -> list[Take]:
        """Make a call with all its sessions: each notification is heard and each record listed at its time."""
        dealt = self._dealer.deal_one(SCENARIOS[scenario])
        stretch = length / dealt.scenario.length
        call = structs.replace(dealt, stretch=stretch, lag=8.0, provisional=False, recording_delay=None)
        takes = [
            Take(call=call, place=place, started_at=self.clock(), speed=1.0) for place in range(len(call.sessions))
        ]
        for take in takes:
            for step, body in zip(take.session.steps, self.bodies(take), strict=True):
                self.clock.at(take.when(step.at), partial(self._hear, [body]))
            if listed:
                self.clock.at(take.record_at, partial(self.show, take))
        return takes

    def tell(self, take: Take) -> None:
        """Post the call's notifications."""
        self._hear(self.bodies(take))

    def hear(self, bodies: list[bytes]) -> None:
        """Post notifications in an order of the test's own."""
        self._hear(bodies)

    def bodies(self, take: Take) -> list[bytes]:
        """Write the call's notifications, in their order."""
        return [msgspec.json.encode(self._document(take, number)) for number in range(len(take.session.steps))]

    def show(self, take: Take, *, recorded: bool = False) -> None:
        """List the call's final records."""
        self.put(*self.records(take, recorded=recorded))

    def show_mid_call(self, take: Take) -> None:
        """List the call while it is on."""
        self.put(*self._writer.provisional(take, now=self.clock()))

    def records(self, take: Take, *, recorded: bool = False) -> list[dict[str, Any]]:
        """Write the call's final records, listing none."""
        return self._writer.final(take, recorded=recorded, now=self.clock())

    def show_nameless(self, take: Take, *, recorded: bool = False) -> None:
        """List the call's final records without the ids of its telephony session, as older ones are."""
        entries = self.box.call_log._entries
        for record in self.records(take, recorded=recorded):
            self.put(record)
            for part in (record, *record["legs"]):
                del part["telephonySessionId"]
            entries[record["id"]] = structs.replace(entries[record["id"]], detailed=msgspec.json.encode(record))

    def put(self, *documents: dict[str, Any]) -> None:
        """List or rewrite records."""
        for document in documents:
            self.box.call_log.put(document, now=self.clock())

    def crowd(self, count: int, *, seconds: float, begins: float = 0.0) -> None:
        """Fill pages: list records, begun over so many seconds, of a call that goes on and on and is nobody's."""
        take = self.call(heard=False, listed=False)
        (record,) = self._writer.provisional(take, now=self.clock())
        for number in range(count):
            start = moments.written(self.clock() + begins + seconds * number / count)
            self.put({**record, "id": f"{take.ids.record_ids[0]}-{number}", "startTime": start})

    def hide_from_feeds(self, take: Take) -> None:
        """Have no feed show what is listed of the call so far."""
        entries = self.box.call_log._entries
        for record_id in take.ids.record_ids:
            entries[record_id] = structs.replace(entries[record_id], change=-1)

    def fault(self, name: str, **fields: Any) -> None:
        """Switch a fault; the names and fields are those of the simulator's table."""
        switch(self.box, msgspec.convert({"fault": name, **fields}, FaultRequest))

    def without(self, *endpoints: str) -> None:
        """Refuse endpoints for want of a permission."""
        for endpoint in endpoints:
            self.fault("forbid", endpoint=endpoint)

    def asked(self, *endpoints: str, group: str = "heavy") -> list[Asked]:
        """Give the requests that came in for these endpoints, or for any, in their order."""
        seen = [_asked(one.time, one.path, one.status, one.during_penalty) for one in self._seen(group)]
        return [one for one in seen if not endpoints or one.endpoint in endpoints]

    def _seen(self, group: str) -> list[Any]:
        return [one for one in self.box.requests.all() if one.group == group]

    def _document(self, take: Take, number: int) -> dict[str, Any]:
        account_id = self.box.configuration.account_id
        return notification(
            notification_body(take, number, account_id),
            account_id=account_id,
            subscription_id="e1e3e3b0-4f86-4c9e-9d63-5b2b3d1f0a77",
            owner_id=account_id,
            uuid=notification_uuid(take.ids.seed, number, "tests"),
            now=take.when(take.session.steps[number].at),
        )


def _asked(time: float, path: str, status: int, during_penalty: bool) -> Asked:  # noqa: FBT001 - as it was seen
    parts = urlsplit(path)
    return Asked(time, parts.path, dict(parse_qsl(parts.query)), status, during_penalty)
