"""Deliveries per CPU second of the sender, beside a bare loop of requests that signs and posts the same bodies."""

import hmac
import socket
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, Final

import msgspec
import requests
from msgspec import Struct

from runtime.deliveries.destinations import SIGNING_PREFIX, new_secret
from runtime.deliveries.name_lookup import NameLookup
from runtime.setting_values import networks
from scripts.benchmarks.deliveries_endpoint import running
from scripts.benchmarks.figures import Figure, Result, Table, render
from scripts.benchmarks.options import Options
from workers.destinations.sender import Sender
from workers.destinations.verdicts import Verdict

OURS, BARE, BLIND = "Legwork", "bare requests", "the same, trust_env off"
GOAL: Final = 0.8

REMARKS: Final = """\
One thread posts JSON bodies of about 3 KB over one kept connection; the endpoint answers at once, from a process of its
own. Rounds of each take turns. CPU of the sending process, all its threads.
Legwork        signs, has the guard judge URL and addresses, bounds time and size, and judges the answer
bare requests  requests.Session, which signs with the key at hand, posts, and looks at the status; with trust_env off
               it does not look for proxies and a .netrc each time
"""


class Plan(Struct, frozen=True):
    """How much is sent: rounds of each, deliveries in a round."""

    rounds: int = 20
    deliveries: int = 250


QUICK: Final = Plan(rounds=3, deliveries=50)

Post = Callable[[str, bytes], bool]
"""Delivers one body, and says whether it was taken."""


def run(options: Options) -> Result:
    """Measure all in turns."""
    plan = QUICK if options.quick else Plan()
    options.say(f"deliveries: {plan.rounds} rounds of {plan.deliveries}, ours and bare in turns")
    with running() as port:
        spent = measure(plan, port)
    ratio = median(bare / ours for bare, ours in zip(spent[BARE], spent[OURS], strict=True))
    rows = tuple((name, plan.deliveries / median(seconds)) for name, seconds in spent.items())
    return Result(
        benchmark="deliveries",
        remarks=REMARKS,
        tables=(Table("Sending", ("sender", "deliveries/CPU s"), rows),),
        figures=(Figure(name="deliveries/CPU s against bare requests", value=ratio, unit="times", at_least=GOAL),),
    )


def measure(plan: Plan, port: int) -> Mapping[str, list[float]]:
    """Give the CPU seconds of each one's rounds."""
    secret = new_secret()
    bodies = [_body(number) for number in range(plan.deliveries)]
    sender = Sender(networks("127.0.0.1"), resolve=NameLookup(3.0, resolve=_resolve))
    with requests.Session() as session, requests.Session() as blind:
        blind.trust_env = False
        posts = {
            OURS: _ours(sender, f"http://crm.test:{port}/hook", secret),
            BARE: _bare(session, port, secret),
            BLIND: _bare(blind, port, secret),
        }
        for post in posts.values():
            _round(post, bodies)  # connects, and warms up
        spent = [{name: _round(post, bodies) for name, post in posts.items()} for _ in range(plan.rounds)]
    sender.close()
    return {name: [one[name] for one in spent] for name in posts}


def _round(post: Post, bodies: Sequence[bytes]) -> float:
    """Deliver the bodies and give the CPU seconds it took."""
    begun = time.process_time()
    taken = sum(post(f"s-{number}/1", body) for number, body in enumerate(bodies))
    spent = time.process_time() - begun
    if taken != len(bodies):
        raise RuntimeError(f"{len(bodies) - taken} of {len(bodies)} deliveries failed: the figures mean nothing")
    return spent


def _ours(sender: Sender, url: str, secret: str) -> Post:
    def post(event_id: str, body: bytes) -> bool:
        return sender.send(url, event_id, body, [secret], now=time.time()).verdict is Verdict.DELIVERED

    return post


def _bare(session: requests.Session, port: int, secret: str) -> Post:
    key = b64decode(secret.removeprefix(SIGNING_PREFIX))
    url = f"http://127.0.0.1:{port}/hook"

    def post(event_id: str, body: bytes) -> bool:
        timestamp = str(int(time.time()))
        signature = hmac.digest(key, f"{event_id}.{timestamp}.".encode() + body, "sha256")
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{b64encode(signature).decode()}",
        }
        return session.post(url, data=body, headers=headers, timeout=10).ok

    return post


def _resolve(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
    """Know the only name there is, without asking anybody."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, host, ("127.0.0.1", port))]


def _body(number: int) -> bytes:
    legs = [{"index": index, "role": "agent", "result": "Accepted", "note": "." * 200} for index in range(10)]
    return msgspec.json.encode({"id": f"s-{number}/1", "type": "legwork.call.outcome", "data": {"legs": legs}})


if __name__ == "__main__":
    print(render(run(Options(quick="--quick" in sys.argv[1:]))))
