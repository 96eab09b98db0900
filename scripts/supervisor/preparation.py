"""Decide before anything starts: which processes, on which ports, with which environment."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from runtime.setting_values import header_tokens
from runtime.settings import Need, load
from scripts.supervisor import environment
from scripts.supervisor.ports import Ports
from scripts.supervisor.procfile import Entry, processes

USUAL_PORT = 8080
EVERY_NEED = frozenset(Need)


class PreparationError(Exception):
    """What was asked for cannot be run; the message says what to change."""


class Prepared(NamedTuple):
    """Everything that is decided before the first process starts."""

    environ: Mapping[str, str]
    entries: tuple[Entry, ...]
    web_url: str
    box_url: str | None
    remarks: tuple[str, ...]

    @property
    def redis_url(self) -> str | None:
        """The server that was asked for; None: the embedded one."""
        return self.environ.get("REDIS_URL")

    @property
    def verification_token(self) -> str:
        """What notifications are to bear: the first, where two are accepted."""
        return header_tokens(self.environ["RC_VERIFICATION_TOKEN"])[0]


def prepare(environ: Mapping[str, str], *, root: Path, box_options: str, ports: Ports) -> Prepared:
    """Read .env and the Procfile, settle ports and secrets, and see that the settings are complete.

    `box_options` are for `scripts/simulate.py`, should RingCentral in a box be needed.
    Raises PreparationError, ProcfileError, and SettingsError with all faults at once.
    """
    chosen = environment.gather(environ, root=root)
    entries = processes(root)
    wanted = chosen.get("PORT")
    chosen["PORT"], remarks = (wanted, []) if wanted is not None else _any_port(ports)
    web_url = f"http://127.0.0.1:{chosen['PORT']}"
    remarks.append(f"dashboard and API at {web_url}/")
    if "ADMIN_TOKEN" not in chosen:
        chosen["ADMIN_TOKEN"] = secrets.token_urlsafe(18)
        remarks.append(f"token for them: {chosen['ADMIN_TOKEN']} (new each time, unless you set ADMIN_TOKEN)")
    box_url = None
    if environment.wants_box(chosen):
        box_port = ports.take_any()
        box_url = f"http://127.0.0.1:{box_port}"
        chosen = {"PUBLIC_URL": web_url, **environment.point_at_box(chosen, box_url=box_url)}
        entries = (
            Entry("box", f"python scripts/simulate.py --port {box_port} {_fresh(chosen)}{box_options}"),
            *entries,
        )
        remarks.append("no RingCentral credentials are set, so RingCentral in a box plays calls")
    settings = load({"REDIS_URL": "unix://embedded", **chosen}, needs=EVERY_NEED)
    if wanted is not None:
        _take(ports, settings.port)
    return Prepared(chosen, entries, web_url, box_url, tuple(remarks))


def _fresh(environ: Mapping[str, str]) -> str:
    """Have the calls of a seed new ids where the Redis is not ours to empty: it may know them from the last time."""
    return "--fresh-ids " if "REDIS_URL" in environ else ""


def _take(ports: Ports, port: int) -> None:
    """Take the port that was asked for."""
    try:
        if ports.take(port):
            return
    except PermissionError as error:
        raise PreparationError(f"port {port} is not for this user ({error.strerror}); choose another PORT") from error
    raise PreparationError(f"port {port} is taken; choose another PORT, or none")


def _any_port(ports: Ports) -> tuple[str, list[str]]:
    """Take the usual port, else any."""
    with suppress(PermissionError):  # nobody has asked for this one
        if ports.take(USUAL_PORT):
            return str(USUAL_PORT), []
    port = ports.take_any()
    return str(port), [f"port {USUAL_PORT} is taken, so this is port {port}"]
