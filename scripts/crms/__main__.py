"""`python -m scripts.crms`: outcomes to five CRMs while workers are killed; says for each how late they were.

Brings a server of its own. Exits 1 if anything is missing, doubled with another body, or out of order.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from redis import Redis

from scripts.crms.trial import run
from scripts.supervisor.embedded import EmbeddedRedis
from scripts.supervisor.watchdog import Watchdog


def main(arguments: list[str]) -> int:
    """Run a trial and print its table."""
    parser = argparse.ArgumentParser(prog="python -m scripts.crms", description=__doc__)
    parser.add_argument("--outcomes", type=int, default=10_000)
    parser.add_argument("--per-second", type=float, default=200.0, help="how fast they are published")
    parser.add_argument("--kill-every", type=float, default=5.0, help="seconds between kills; 0: none")
    chosen = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as data,
        Watchdog() as watchdog,
        EmbeddedRedis(Path(data), watchdog=watchdog) as server,
        Redis.from_url(server.url) as redis,
    ):
        reports = run(redis, server.url, chosen.outcomes, per_second=chosen.per_second, kill_every=chosen.kill_every)
    print(f"{'CRM':10}{'taken':>8}{'requests':>10}{'median s':>10}{'p99 s':>8}  faults")
    for one in reports:
        faults = f"{len(one.faults)}: {one.faults[0]}" if one.faults else "none"
        print(f"{one.name:10}{one.taken:>8}{one.requests:>10}{one.median:>10.2f}{one.p99:>8.2f}  {faults}")
    return 1 if any(one.faults for one in reports) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
