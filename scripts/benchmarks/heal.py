"""Lose notifications in every way at once, and the subscription twice: see every call come out right, and how soon."""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import Struct

from runtime import bells, guarding
from runtime.bells import Stage
from runtime.clocks import redis_time
from runtime.keys import OUTCOMES
from scripts.benchmarks import time_scale
from scripts.benchmarks.box_client import Box, SeenRequest, played
from scripts.benchmarks.figures import Figure, Result, Table
from scripts.benchmarks.installation import CREDENTIALS, VERIFICATION_TOKEN, Installation, installed
from scripts.benchmarks.options import Options
from scripts.benchmarks.published import from_outcome_log
from scripts.simulator.configuration import LIMITS, Configuration
from scripts.supervisor import box as supervised
from scripts.supervisor.environment import free_port
from scripts.supervisor.procfile import processes
from scripts.supervisor.summary import Event, Report, Verdict, heard_of, judge
from scripts.supervisor.watchdog import Watchdog
from scripts.venv import ROOT
from telephony.subscriptions import Health

ACCOUNT: Final = "default"
LOOK_SECONDS: Final = 0.5
TOO_MANY: Final = 429

REMARKS: Final = """\
RingCentral in a box plays calls against the processes of the Procfile. At first all notifications are lost; later a
fifth of them and half of those that tell of an end, a third comes twice, and all overtake each other. In the middle of
that the subscription is blacklisted, and once the guardian has replaced it, deleted. In the end nothing more is lost,
but still doubled and shuffled.
true          how the call ended, in which direction, and what became of both sides of a RingOut. Why a phone of a queue
              stopped ringing, and which calls belong together, is in no record: it is compared for calls of which all
              notifications were taken. Where some were lost nobody can tell it, and such calls are counted
healed        from the moment the last record was visible until every call had its outcome
"""


class Plan(Struct, frozen=True):
    """How many calls, how fast, how long each trouble lasts by itself (seconds), and how patient the product is.

    So many `calls` are played while notifications are lost, and `kept` when no more are.
    """

    calls: int = 270
    kept: int = 39
    rate: float = 2.0
    seconds: float = 15.0
    patience: float = 240.0
    hurry: bool = False
    box: Configuration = Configuration(seed=7)
    settings: Mapping[str, str] = MappingProxyType({"RECONCILE_SECONDS": "60"})


QUICK: Final = Plan(
    calls=18,
    kept=8,
    rate=6.0,
    seconds=1.0,
    patience=60.0,
    hurry=True,
    box=Configuration(
        seed=7, shortest_call=1.0, longest_call=2.0, lag=(0.3, 0.6), limits={**LIMITS, "heavy": 60, "auth": 20}
    ),
    settings=MappingProxyType(
        {
            "QUIET_SECONDS": "0.5",
            "SETTLE_SECONDS": "0.5",
            "FETCH_INTERVAL_SECONDS": "0.5",
            "RECONCILE_SECONDS": "1",
            "HEAVY_LIMIT": "60",
        }
    ),
)


class Healed(Struct, frozen=True):
    """What became of it all: the verdict of each call, times in seconds, the requests used, and what the audit says.

    `heard` counts those whose notifications all came, and of which people and conversation are compared too; `unknown`
    right ones of which only lost notifications could have told more.
    """

    report: Report
    heard: int
    unknown: int
    took: float | None
    waits: Sequence[float]
    requests: Sequence[SeenRequest]
    audit: int
    triggers: Mapping[str, int]


def run(options: Options) -> Result:
    """Do all that harm, and see it healed."""
    plan = QUICK if options.quick else Plan()
    port = str(free_port())
    with Watchdog() as watchdog, played([plan.box], watchdog) as (box,):
        environ = {
            **time_scale.settings(1.0),
            **CREDENTIALS,
            "RC_SERVER_URL": box.url,
            "PORT": port,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "ADMIN_TOKEN": "benchmark",
            **plan.settings,
        }
        with installed(processes(), environ, watchdog) as product:
            harm(box, product, plan, options.say)
            found = heal(box, product, plan)
    return Result(
        benchmark="heal",
        remarks=REMARKS + "settings      " + ", ".join(f"{name}={value}" for name, value in plan.settings.items()),
        tables=tuple(_tables(found)),
        figures=tuple(_figures(found)),
    )


def harm(box: Box, product: Installation, plan: Plan, say: Callable[[str], None]) -> None:
    """Play the calls, and do all that RingCentral and the network may do to their notifications."""
    box.subscribe(f"{product.web_url}/webhooks/ringcentral", verification_token=VERIFICATION_TOKEN)
    _guarded(product, plan, None)
    say(f"heal: {plan.calls} calls, {plan.calls / plan.rate:.0f} s; all notifications are lost")
    box.fault("drop_webhooks", share=1.0)
    box.play(plan.calls, rate=plan.rate, speed=1.0)
    time.sleep(plan.seconds)
    say("heal: a fifth is lost, and half of the ends; a third comes twice, all overtake each other")
    box.fault("drop_webhooks", share=0.2)
    box.fault("drop_final_webhooks", share=0.5)
    box.fault("duplicate_webhooks", share=0.3)
    box.fault("shuffle_webhooks", seconds=1.0)
    time.sleep(plan.seconds)
    for trouble in ("blacklist_subscriptions", "delete_subscriptions"):
        before = guarding.load(product.redis, ACCOUNT).id
        box.fault(trouble)
        began = time.monotonic()
        _guarded(product, plan, before)
        say(f"heal: {trouble.replace('_', ' ')}: replaced after {time.monotonic() - began:.0f} s")
    say(f"heal: {plan.kept} calls more; nothing is lost, but doubled and shuffled")
    for loss in ("drop_webhooks", "drop_final_webhooks"):
        box.fault(loss, share=0.0)
    box.play(plan.kept, rate=plan.rate, speed=1.0)


def _guarded(product: Installation, plan: Plan, before: str | None) -> None:
    """Wait until the guardian has a subscription that delivers, and another one than before."""
    deadline = time.monotonic() + plan.patience
    while (now := guarding.load(product.redis, ACCOUNT)).health is not Health.ACTIVE or now.id == before:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the guardian made no subscription: {now.health}, {now.problem or 'no problem'}")
        if plan.hurry:  # it looks each minute by itself
            bells.ring_at(product.redis, Stage.UPKEEP, ACCOUNT, redis_time(product.redis))
        product.cpu()  # all of it still runs
        time.sleep(LOOK_SECONDS)


def heal(box: Box, product: Installation, plan: Plan) -> Healed:
    """Wait until every record is visible and every call has its outcome, or patience ends; then audit."""
    while not all(one.record_visible_at for one in box.truths()):
        time.sleep(LOOK_SECONDS)
    began = time.monotonic()
    with closing(supervised.Box(box.url)) as judging:
        while not _judged(judging, product).all_right and time.monotonic() < began + plan.patience:
            time.sleep(LOOK_SECONDS)
        took, requests = time.monotonic() - began, box.requests()
        code, triggers = _audited(product)
        report = _judged(judging, product)  # what is published too often is seen as well
        unknown = report.count(Verdict.RIGHT) - _judged(judging, product, everything=True).count(Verdict.RIGHT)
        heard = len(heard_of(one.truth for one in report.judgements))
    return Healed(
        report, heard, unknown, took if report.all_right else None, _waits(box, product), requests, code, triggers
    )


def _judged(judging: supervised.Box, product: Installation, *, everything: bool = False) -> Report:
    """Judge by what can be known; or by `everything`, also of calls whose notifications were lost."""
    entries: Any = product.redis.xrange(OUTCOMES)
    events = [msgspec.json.decode(fields[b"event"], type=Event) for _, fields in entries]
    truths = judging.truths()
    return judge(truths, events, heard=None if everything else heard_of(truths))


def _waits(box: Box, product: Installation) -> list[float]:
    """Say how long each call's outcome came after its record, the shortest first."""
    told = from_outcome_log(product.redis)
    return sorted(
        told[one.telephony_session_id].first_at - one.record_visible_at.timestamp()
        for one in box.truths()
        if one.record_visible_at and one.telephony_session_id in told
    )


def _audited(product: Installation) -> tuple[int, Mapping[str, int]]:
    """Have the calls counted as an operator would: the exit code, and what made us look at them."""
    audited = subprocess.run(
        [ROOT / "scripts/audit.py", "--json"],
        env={"PATH": os.environ.get("PATH", os.defpath), "REDIS_URL": product.redis_url},
        stdout=subprocess.PIPE,
        check=False,
    )
    return audited.returncode, msgspec.json.decode(audited.stdout)["total"]["byTrigger"] if audited.stdout else {}


def _tables(found: Healed) -> Iterator[Table]:
    yield Table("Calls, by what made us look", ("trigger", "calls"), tuple(found.triggers.items()))
    rows = tuple(
        (one.truth.telephony_session_id, one.truth.scenario, one.verdict, ", ".join(one.differing))
        for one in found.report.judgements
        if one.verdict is not Verdict.RIGHT
    )
    if rows:
        yield Table("Calls that are not right", ("session", "scenario", "verdict", "differing"), rows)


def _figures(found: Healed) -> Iterator[Figure]:
    calls, asked = len(found.report.judgements), Counter(one.group for one in found.requests)
    yield Figure(name="calls", value=calls)
    yield Figure(name="calls with their true outcome", value=found.report.count(Verdict.RIGHT), at_least=calls)
    yield Figure(name="of them, people and conversation compared", value=found.heard, at_least=1)
    yield Figure(name="of them, people or linked calls unknown", value=found.unknown)
    yield Figure(name="events published twice", value=len(found.report.repeated), at_most=0)
    yield Figure(name="exit code of scripts/audit.py", value=found.audit, at_most=0)
    yield Figure(name="healed after the last record", value=found.took, unit="s", at_most=150)
    if found.waits:
        yield Figure(name="record to outcome, half of the calls", value=found.waits[len(found.waits) // 2], unit="s")
        yield Figure(name="record to outcome, longest", value=found.waits[-1], unit="s")
    yield from (Figure(name=f"{group} requests", value=count) for group, count in sorted(asked.items()))
    refused = sum(one.status == TOO_MANY for one in found.requests)
    yield Figure(name="requests refused (429)", value=refused, at_most=0)
