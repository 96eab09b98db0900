#!/usr/bin/env python3
"""Run RingCentral in a box: a simulated account that plays calls and answers the API."""

import argparse
import json
import random
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.venv import reexec_in_venv

reexec_in_venv()

from scripts.simulator.box import Box
from scripts.simulator.configuration import LIMITS, Configuration
from scripts.simulator.problems import ApiError
from scripts.simulator.scenarios import SCENARIOS
from scripts.simulator.server import served
from scripts.simulator.world import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, USER_JWT
from scripts.terminal.amounts import positive, whole
from scripts.terminal.command import at_the_terminal, command_parser

DONE, FAILED = 0, 1
WEBHOOK_PATIENCE_SECONDS = 60
LAST_PORT = 65535
EPILOGUE = f"""
The simulator takes RC_APP_CLIENT_ID={CLIENT_ID} RC_APP_CLIENT_SECRET={CLIENT_SECRET} RC_USER_JWT={USER_JWT}.
Without --webhook it waits until a subscription is created through the API, and then plays.
It goes on serving the call log after the last call, until it is stopped.
exit codes: 0 stopped, 1 failed, 2 usage
"""


def main() -> int:
    """Serve until stopped."""
    options = _parser().parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with served(_configuration(options), host=options.host, port=options.port) as box:
            return _run(box, options, stop)
    except OSError as fault:
        print(f"cannot serve on {options.host}:{options.port}: {fault}", file=sys.stderr)
        return FAILED


def _run(box: Box, options: argparse.Namespace, stop: threading.Event) -> int:
    seed = box.configuration.seed
    _say(options, f"simulator ready on {box.base_url} (seed {seed})", event="ready", url=box.base_url, seed=seed)
    if options.webhook is not None and not _subscribe(box, options, stop):
        return DONE if stop.is_set() else FAILED
    while not box.subscriptions.created.wait(0.1):
        if stop.is_set():
            return DONE
    _play(box, options)
    _follow(box, options, stop)
    return DONE


def _subscribe(box: Box, options: argparse.Namespace, stop: threading.Event) -> bool:
    """Subscribe the webhook of the command line; it may need a moment to come up."""
    request = {
        "eventFilters": ["/restapi/v1.0/account/~/telephony/sessions"],
        "deliveryMode": {
            "transportType": "WebHook",
            "address": options.webhook,
            "verificationToken": options.verification_token,
        },
    }
    give_up = box.clock() + WEBHOOK_PATIENCE_SECONDS
    while not stop.is_set():
        try:
            box.subscriptions.create(request)
        except ApiError as fault:
            if fault.problem.code != "SUB-524" or box.clock() > give_up:
                print(f"{options.webhook}: {fault.body()['message']}", file=sys.stderr)
                return False
            stop.wait(0.5)
        else:
            return True
    return False


def _play(box: Box, options: argparse.Namespace) -> None:
    scenario = None if options.scenario is None else SCENARIOS[options.scenario]
    if options.calls is None:
        box.player.play_endlessly(rate=options.rate, scenario=scenario, speed=options.speed)
    elif options.calls:
        box.player.play(options.calls, rate=options.rate, scenario=scenario, speed=options.speed)


def _follow(box: Box, options: argparse.Namespace, stop: threading.Event) -> None:
    """Wait for the end; say once when all calls asked for are played and listed."""
    told = not options.calls
    while not stop.wait(0.5):
        if not told and all(take.unsent == 0 and take.record_visible for take in box.player.takes()):
            _say(options, f"all {options.calls} calls played", event="played", calls=options.calls)
            told = True


def _configuration(options: argparse.Namespace) -> Configuration:
    limits = {**LIMITS, "heavy": options.heavy_limit}
    return Configuration(
        seed=random.SystemRandom().randrange(10**9) if options.seed is None else options.seed,
        occasion=str(time.time_ns()) if options.fresh_ids else "",
        account_id=options.account_id,
        shortest_call=options.min_duration,
        longest_call=options.max_duration,
        mean_call=options.mean_duration,
        lag=options.lag,
        limits=limits,
        minute_seconds=options.minute_seconds,
        strict=options.strict,
        blacklist_after=options.blacklist_after,
    )


def _say(options: argparse.Namespace, text: str, **facts: object) -> None:
    print(json.dumps(facts) if options.json else text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = command_parser("simulate.py", __doc__, EPILOGUE)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add("--port", type=whole(0, LAST_PORT), default=8090, help="port to listen on; 0 takes a free one (8090)")
    add("--calls", type=whole(0), metavar="N", help="play N calls, 0 for none; left out: endlessly")
    add("--rate", type=positive, default=1.0, metavar="R", help="calls begun a second (1)")
    add("--scenario", choices=tuple(SCENARIOS), metavar="NAME", help=f"only this kind: {', '.join(SCENARIOS)}")
    add("--seed", type=int, metavar="S", help="the same seed plays the same calls; left out: a new one")
    add("--fresh-ids", action="store_true", help="give the calls of a seed ids that they never had before")
    add("--speed", type=positive, default=1.0, metavar="X", help="lengths, lags and delays pass X times faster (1)")
    add("--lag", type=_range, default=(1.0, 4.0), metavar="MIN,MAX", help="seconds from end to record (1,4)")
    add("--min-duration", type=positive, default=2.0, metavar="SECONDS", help="shortest call (2)")
    add("--max-duration", type=positive, metavar="SECONDS", help="longest call (12; none with a mean)")
    add("--mean-duration", type=positive, metavar="SECONDS", help="exponential call lengths with this mean")
    add("--heavy-limit", type=whole(1), default=LIMITS["heavy"], metavar="N", help="Heavy requests a minute (10)")
    add("--minute-seconds", type=positive, default=60.0, metavar="S", help="length of RingCentral's minute (60)")
    add("--account-id", default=ACCOUNT_ID, help=f"account to simulate ({ACCOUNT_ID})")
    add("--webhook", metavar="URL", help="subscribe this address at the start")
    add("--verification-token", metavar="T", help="sent along with every notification to --webhook")
    add("--blacklist-after", type=whole(0), default=0, metavar="N", help="failed deliveries in a row; 0 for never (0)")
    add("--strict", action="store_true", help="accept https webhooks only, as the real platform does")
    add("--json", action="store_true", help="say what happens in JSON lines")
    return parser


def _range(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("give MIN,MAX") from None
    if not 0 <= low <= high:
        raise argparse.ArgumentTypeError("give 0 <= MIN <= MAX")
    return low, high


if __name__ == "__main__":
    sys.exit(at_the_terminal(main))
