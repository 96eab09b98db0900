"""At each fault point a process is killed, as by a power cut: all is read, comes out right and is delivered once."""

import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import msgspec
import pytest
from redis import Redis, RedisError

from runtime import faults, keys, replays, ringout_wishes, streams
from runtime.bells import Stage
from runtime.deliveries import destinations
from runtime.replays import Asked, Level
from runtime.settings import DEFAULT_ACCOUNT
from scripts.simulator import Configuration, RunningSimulator, running_simulator
from scripts.simulator.configuration import LIMITS
from scripts.simulator.problems import ApiError
from scripts.soaking.consumer import consuming
from scripts.soaking.inbox_checks import unread
from scripts.supervisor.summary import Event, Truth, judge
from scripts.supervisor.watchdog import Watchdog
from telephony.destinations import Draft, Include
from telephony.ringout_request import Caller, MakeRingOut, Number
from telephony.selection import Selection
from tests.faults.product import TOKEN, Product, account_of, running
from tests.simulator.waiting import wait_until

CALLS_AT_A_TIME = 6
EVERY_SECONDS = 3
QUICK = Configuration(
    shortest_call=0.5, longest_call=1.5, lag=(0.3, 1), recording_share=0, limits={**LIMITS, "heavy": 60}
)
PATIENCE = 90


def subscribed(simulator: RunningSimulator, product: Product) -> bool:
    try:
        return bool(simulator.subscribe(product.url, TOKEN))
    except ApiError:  # web was just killed
        return False


class Operator:
    """Whoever asks for RingOuts and for looks at the past, as long as there is a point only they lead to."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._began = time.time()
        self.ringouts = 0

    def ask(self, points: AbstractSet[str]) -> None:
        """Ask for what leads to `points`."""
        with self._product.redis() as redis:
            if any(name.startswith("ringout.") for name in points):
                self.ringouts += 1
                call = MakeRingOut(Caller("+16505550101"), Number("+12125550150"))
                ringout_wishes.ask(redis, DEFAULT_ACCOUNT, retention=3600, call=call)
            if any(name.startswith("replay.") for name in points):
                past = Selection(since=self._began, until=time.time())
                replays.create(redis, DEFAULT_ACCOUNT, Asked(level=Level.REFETCH, selection=past))


def let_leases_end(product: Product, destination: str) -> None:
    """Do what ten seconds do after a kill, so that there need not be as many of them as there are points."""
    owners = [*((DEFAULT_ACCOUNT, stage) for stage in Stage), (destination, Stage.DELIVER)]
    names = [key for one in owners for key in (keys.lease(*one), keys.rung(*one))]
    with product.redis() as redis:
        try:
            redis.delete(*names)
        except RedisError:  # tried again with the next look
            return


def right(simulator: RunningSimulator, events: Sequence[Event]) -> bool:
    report = judge(msgspec.convert(simulator.truth(), tuple[Truth, ...]), events, heard=())
    assert report.repeated == ()
    return report.all_right


def is_read_to_its_end(redis: Redis) -> bool:
    place, _ = streams.end(redis, keys.inbox(DEFAULT_ACCOUNT))
    return redis.get(keys.inbox_cursor(DEFAULT_ACCOUNT)) == place.encode()


@pytest.mark.timeout(240)
def test_a_process_may_die_anywhere(tmp_path: Path, watchdog: Watchdog) -> None:
    points = tmp_path / "points"
    points.mkdir()
    for name in faults.POINTS:
        (points / name).touch()
    fatal = {"LEGWORK_FAULT": str(points), "ALLOW_PRIVATE_DESTINATIONS": "127.0.0.1/32"}
    with (
        running_simulator(QUICK) as simulator,
        consuming("http://127.0.0.2:1/") as crm,
        running(tmp_path / "data", watchdog=watchdog, **account_of(simulator), **fatal) as product,
    ):
        product.wait_until_up()
        with product.redis() as redis:
            destination = destinations.create(redis, Draft(url=crm.url, include=Include.BOTH), keys=())[0].id
        wait_until(lambda: subscribed(simulator, product), 30)
        operator = Operator(product)
        left, until, played = set(faults.POINTS), time.monotonic() + PATIENCE, 0.0
        while left and time.monotonic() < until:
            if time.monotonic() - played > EVERY_SECONDS:  # web may be down just when a call comes
                simulator.play(count=CALLS_AT_A_TIME, rate=CALLS_AT_A_TIME)
                operator.ask(left)
                played = time.monotonic()
            now = {one.name for one in points.iterdir()}
            if now < left:  # somebody has just died
                let_leases_end(product, destination)
            left = now
            time.sleep(0.2)

        assert left == set()
        assert simulator.ringouts()["asked"] <= operator.ringouts
        wait_until(lambda: right(simulator, product.events()), PATIENCE)
        wait_until(lambda: crm.taken() == {event.id for event in product.events()}, 30)
        with product.redis() as redis:
            wait_until(lambda: is_read_to_its_end(redis), 10)
            assert unread(redis) == []
        bodies = {(one.event_id, one.digest) for one in crm.arrivals}
        assert len(bodies) == len(crm.taken())


def test_a_point_is_harmless_unless_somebody_asks(tmp_path: Path) -> None:
    faults.arm({})
    faults.point("track.folded")

    faults.arm({"LEGWORK_FAULT": str(tmp_path)})
    try:
        faults.point("track.folded")
    finally:
        faults.arm({})


def test_every_point_of_the_table_is_passed_somewhere() -> None:
    root = Path(__file__).parent.parent.parent
    code = "".join(
        file.read_text() for folder in ("runtime", "web", "workers") for file in (root / folder).rglob("*.py")
    )

    assert [name for name in faults.POINTS if f'faults.point("{name}")' not in code] == []
