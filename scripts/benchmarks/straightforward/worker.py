"""An RQ worker for one queue: `python -m scripts.benchmarks.straightforward.worker notifications [--fork]`.

Without `--fork` jobs run in the worker itself. With it each runs in a process of its own, which is RQ's default.
The jobs are imported before the first one comes, so that a fork need not do it.
"""

import argparse
import os

from redis import Redis
from rq import SimpleWorker, Worker

from scripts.benchmarks.straightforward import jobs


def main() -> None:
    """Work until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("queue", choices=(jobs.NOTIFICATIONS, jobs.CALL_LOG))
    parser.add_argument("--fork", action="store_true")
    options = parser.parse_args()
    kind = Worker if options.fork else SimpleWorker
    worker = kind([options.queue], connection=Redis.from_url(os.environ["REDIS_URL"]))
    worker.work(with_scheduler=options.queue == jobs.CALL_LOG, logging_level="WARNING")


if __name__ == "__main__":
    main()
