"""RingCentral in a box as a process of its own: one or several accounts, each on a port of its own.

`python -m scripts.benchmarks.box_process '[{"seed": 1}, ...]'` prints the addresses as one line of JSON, and serves
until it is told to stop. Beside `scripts/simulate.py` because a benchmark chooses more than people do: how many records
are rewritten, and many accounts at once.
"""

import signal
import sys
from contextlib import ExitStack

import msgspec

from scripts.simulator.configuration import Configuration
from scripts.simulator.server import served


def main() -> None:
    """Serve the accounts of the command line."""
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before any thread begins, so that none of them is interrupted
    with ExitStack() as stack:
        chosen = msgspec.json.decode(sys.argv[1], type=tuple[Configuration, ...])
        boxes = [stack.enter_context(served(one)) for one in chosen]
        print(msgspec.json.encode([box.base_url for box in boxes]).decode(), flush=True)
        signal.sigwait(stops)


if __name__ == "__main__":
    main()
