"""Make the Flask app, once in each process: for `web.rsgi`, which granian serves, and for any server of WSGI."""

import atexit
import os
import sys
from typing import Final

from flask import Flask

from runtime import faults, logs
from runtime.metrics import Recorder
from runtime.redis_client import INGEST, Profile, connect
from web.boot import whole_settings
from web.create_app import create_app

FOR_PEOPLE: Final = Profile(timeout=3, connect_timeout=1, retries=2, longest_pause=0.2)
"""Who asks the API waits for seconds, not for minutes."""

SWITCH_SECONDS: Final = 0.0001
"""How long a page that is being drawn keeps a notification waiting; Python's own 5 ms are paid at each step of it.

docs/adr/0013-watchers-have-few-seats.md has the figures.
"""


def app() -> Flask:
    """Read the settings, connect, and make the app; a fault in the settings ends the process with all of them named."""
    ours = whole_settings(os.environ)
    faults.arm(os.environ)
    logs.configure(level=ours.log_level, form=ours.log_format, process="web")
    sys.setswitchinterval(SWITCH_SECONDS)
    redis = connect(ours.redis_url, INGEST)
    recorder = Recorder(redis)
    recorder.start()
    atexit.register(recorder.stop)
    return create_app(ours, redis, recorder, patient=connect(ours.redis_url, FOR_PEOPLE))
