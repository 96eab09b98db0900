"""One installation that places RingOuts, in a simulated RingCentral: all by one clock that tests set forward."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from redis.client import PubSub

from runtime import bells, keys, outcome_log, ringout_wishes, ringouts
from runtime.bells import Stage
from runtime.leases import Command, Lease, lease
from runtime.ringout_documents import ringout_document
from runtime.ringouts import RingOut
from scripts.simulator.box import Box
from scripts.simulator.calls import Call
from scripts.simulator.notifications import notification, notification_body, notification_uuid
from scripts.simulator.ringouts import plan_of
from scripts.simulator.scenarios import SCENARIOS
from scripts.simulator.scripting import Truth
from scripts.simulator.take import Take
from scripts.simulator.world import AGENTS, Endpoint, Role
from telephony.events import CallData, CallEvent, decode
from telephony.live_events import LiveEvent, LiveRingOut
from telephony.ringout_request import Caller, MakeRingOut, Number
from tests.asking.legwork import Legwork
from tests.fakes.killed import Killed
from workers.housekeeping.put_back import be_due_earlier
from workers.ringouts import Follower

ACCOUNT = "acme"
ADA, OUTSIDE = "+16505550101", "+12125550111"
RETENTION = 86_400.0


class MortalLease(Lease):
    """A lease whose runner is killed at a commit, before it or just after; later runners have better luck."""

    def __init__(self, *, at: int, after: bool) -> None:
        self.left = at
        self.after = after

    def of(self, held: Lease) -> "MortalLease":
        """Hold the stage with the same token."""
        self.__dict__.update(held.__dict__)
        return self

    def commit(self, commands: list[Command]) -> None:  # type: ignore[override]  # a list is a sequence
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        super().commit(commands)
        if self.left == 0:
            raise Killed


class Exchange(Legwork):
    """Legwork with its ringout stage, and RingCentral's side of it."""

    box: Box
    mortal: MortalLease | None = None
    deaths = 0

    def connect(self, box: Box) -> None:
        """Have the simulated RingCentral live by our clock, and its notifications heard."""
        self.box = box
        box.agenda.at = self.clock.at  # type: ignore[method-assign]  # its own thread would wait for the real clock
        box.deliveries.publish = self._publish  # type: ignore[method-assign]  # nobody is subscribed

    def plan(self, **fields: Any) -> None:
        """Say how RingOuts go from now on."""
        self.box.ringouts.plan = plan_of({"length": 20.0, **fields})

    def call(self, caller: str = ADA, callee: str = OUTSIDE, *, key: str | None = None) -> str:
        """Have a RingOut placed."""
        wanted = MakeRingOut(Caller(caller), Number(callee))
        return ringout_wishes.ask(self.redis, ACCOUNT, retention=RETENTION, call=wanted, key=key).id

    def follow(self, ring_out_id: str) -> str:
        """Have a RingOut followed that somebody else has placed."""
        return ringout_wishes.ask(self.redis, ACCOUNT, retention=RETENTION, ring_out_id=ring_out_id).id

    def placed_elsewhere(self) -> str:
        """Have another program place a RingOut; give RingCentral's id of it."""
        return str(self.box.ringouts.place(ADA, OUTSIDE).id)

    def cancel(self, ringout_id: str) -> None:
        """Want it cancelled."""
        ringout_wishes.cancel(self.redis, self.ringout(ringout_id))

    def ringout(self, ringout_id: str) -> RingOut:
        """Give the record."""
        return ringouts.load(self.redis, ACCOUNT, [ringout_id])[ringout_id]

    def shown(self, ringout_id: str) -> dict[str, Any]:
        """Give it as the API shows it."""
        document = ringout_document(self.redis, self.ringout(ringout_id))
        shown: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
        return shown | {"outcome": document.outcome, "cancel": document.cancel, "placing": document.placing}

    def outcome(self, ringout_id: str) -> CallData:
        """Give how it ended."""
        data = self.shown(ringout_id)["outcome"]
        assert isinstance(data, CallData)
        return data

    def takes(self) -> list[Take]:
        """List the sessions played."""
        return self.box.player.takes()

    def truth(self, place: int = 0) -> Truth:
        """Tell what is right of a session played."""
        return self.takes()[place].session.truth

    def published(self, take: Take) -> list[CallEvent]:
        """Read what was published of a session."""
        return [decode(text) for text in outcome_log.revisions(self.redis, ACCOUNT, take.ids.telephony_session_id)]

    def an_outbound_call(self, caller: str, callee: str) -> Call:
        """Deal an ordinary call between two numbers."""
        ours = next(one for one in AGENTS if one.phone_number == caller)
        parts = {Role.AGENT: ours, Role.OUTSIDER: Endpoint(phone_number=callee)}
        return self.box.player._dealer.deal_one(SCENARIOS["outbound_answered"], parts)

    def live_news(self, channel: PubSub) -> list[LiveRingOut]:
        """Read what was told of RingOuts on a live channel."""
        told = []
        while (message := channel.get_message(timeout=0.05)) is not None:
            text: bytes = message["data"]
            live = _LIVE.decode(text) if b'"legwork.call.updated"' in text else None
            if live is not None and live.data.ringout is not None:
                told.append(live.data.ringout)
        return told

    def put_back(self, seconds: float) -> None:
        """Put the clock back, and have upkeep see that."""
        self.redis.set(keys.TIDIED, f"{self.clock():.3f}")
        self._set_clock(self.clock() - seconds)
        be_due_earlier(self.redis, [ACCOUNT], now=self.clock())

    @contextmanager
    def killed_at(self, commit: int, *, after: bool) -> Iterator[None]:
        """Have the ringout stage's runner killed at its so-many-th commit, before it or just after it."""
        self.mortal = MortalLease(at=commit, after=after)
        yield
        self.mortal = None

    def _serve(self, stage: str, account: str) -> None:
        if stage != Stage.RINGOUT:
            if stage in {Stage.TRACK, Stage.RESOLVE}:
                super()._serve(stage, account)
            else:
                self.redis.zrem(keys.BELLS, f"{stage}|{account}")
            return
        try:
            with lease(self.redis, account, Stage.RINGOUT) as held:
                Follower(account, self.mortal.of(held) if self.mortal else held, self.dependencies).step()
        except Killed:
            self.deaths += 1
            self.redis.zadd(keys.BELLS, {bells.member(Stage.RINGOUT, account): self.clock() + 10})
            return
        bells.rest(self.redis, Stage.RINGOUT, account, due=keys.ringouts_due(account))

    def _publish(self, take: Take, number: int) -> None:
        account_id = self.box.configuration.account_id
        document = notification(
            notification_body(take, number, account_id),
            account_id=account_id,
            subscription_id="sub",
            owner_id="1",
            uuid=notification_uuid(take.ids.seed, number, "sub"),
            now=self.clock(),
        )
        self.hear(ACCOUNT, [msgspec.json.encode(document)])


_LIVE = msgspec.json.Decoder(LiveEvent)
MakeExchange = Callable[..., Exchange]
