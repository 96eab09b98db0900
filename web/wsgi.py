"""What the server loads, once in each of its processes: `granian --factory web.wsgi:app`."""

import atexit
import os
import sys

from flask import Flask

from runtime import logs, settings
from runtime.metrics import Recorder
from runtime.redis_client import INGEST, connect
from web.create_app import create_app


def app() -> Flask:
    """Read the settings, connect, and make the app; a fault in the settings ends the process with all of them named."""
    try:
        ours = settings.load(os.environ, needs=frozenset({settings.Need.VERIFICATION}))
    except settings.SettingsError as error:
        sys.exit("\n".join(error.faults))
    logs.configure(level=ours.log_level, form=ours.log_format, process="web")
    redis = connect(ours.redis_url, INGEST)
    recorder = Recorder(redis)
    recorder.start()
    atexit.register(recorder.stop)
    return create_app(ours, redis, recorder)
