"""Entry point: `python -m workers track`, or another stage, or `clock`; the Procfile's lines.

Any number of each may run, on any number of machines, against one Redis.
"""

import argparse
import gc
import os
import sys

from runtime import faults, logs, safety, settings
from runtime.bells import Stage
from runtime.logs import log
from runtime.metrics import Recorder
from runtime.redis_client import INGEST, WORK, connect
from runtime.safety import Verdict
from workers import clock, dependencies
from workers.dependencies import Dependencies
from workers.rq_worker import StageWorker

_CLOCK = "clock"

_ASK = frozenset({Stage.RESOLVE, Stage.REPLAY, Stage.RINGOUT})
"""The stages that ask RingCentral."""

_VALUES_BETWEEN_COLLECTIONS = 50_000

_LOOK_SECONDS = 2.0


def main(arguments: list[str]) -> int:
    """Serve one stage, or be the clock, until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("stage", choices=[*Stage, _CLOCK])
    stage = parser.parse_args(arguments).stage
    needs = frozenset({settings.Need.CREDENTIALS}) if stage in _ASK else frozenset[settings.Need]()
    try:
        ours = settings.load(os.environ, needs=needs)
    except settings.SettingsError as error:
        print("\n".join(error.faults), file=sys.stderr)  # noqa: T201 - said to whoever starts the process
        return 2
    faults.arm(os.environ)
    logs.configure(level=ours.log_level, form=ours.log_format, process=stage)
    redis = connect(ours.redis_url, WORK)
    recorder = Recorder(redis)
    recorder.start()
    made = Dependencies(ours, redis, recorder)
    _collect_rarely()
    try:
        _run_clock(made) if stage == _CLOCK else _serve(Stage(stage), made)
    finally:
        recorder.stop()
    return 0


def _serve(stage: Stage, made: Dependencies) -> None:
    dependencies.install(made)
    _wait_for_writes(made)
    if made.stopping.is_set():
        return
    # RQ changes the time limits of the connection it is given, so it has one of its own.
    worker = StageWorker(stage, connect(made.settings.redis_url, WORK), made)
    try:
        worker.work(with_scheduler=False, logging_level="WARNING")
    finally:
        made.stopping.set()
        made.shifts.finish()


def _wait_for_writes(made: Dependencies) -> None:
    """Wait until Redis takes writes, or until told to stop.

    RQ ends where it takes none, and what ends again and again is started ever later: for minutes after Redis is well
    nobody would be there.
    """
    made.stopping.listen()
    told = ""
    with connect(made.settings.redis_url, INGEST) as redis:
        while (found := safety.writes(redis)).verdict is Verdict.FAILED and not made.stopping.wait(_LOOK_SECONDS):
            if found.detail != told:
                log.warning("worker.waits", why=found.detail)
            told = found.detail
    made.stopping.leave()


def _collect_rarely() -> None:
    """Look for garbage less often: a step makes many thousand small values, all of them gone without a search."""
    gc.freeze()  # and never among what is loaded by now, not even when the process ends: that alone would take 0.3 s
    gc.set_threshold(_VALUES_BETWEEN_COLLECTIONS, 20, 20)


def _run_clock(made: Dependencies) -> None:
    made.stopping.listen()
    clock.run(made.settings, made.redis, made.recorder, made.stopping)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
