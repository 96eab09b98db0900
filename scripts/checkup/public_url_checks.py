"""Look at our own webhook from outside, as RingCentral does: it must answer a handshake, in time and in few words."""

import secrets
import time
from typing import Final, NamedTuple

import requests

from scripts.checkup.findings import Findings, Patient, error, of_each, warning
from workers.housekeeping.webhook_addresses import posted_to

MOST_BYTES: Final = 1024
MOST_SECONDS: Final = 3.0
JSON: Final = "application/json"
"""What RingCentral wants an answer to be called, though it be empty."""

_ECHO: Final = "Validation-Token"


class Answer(NamedTuple):
    """What our webhook answered to a handshake."""

    status: int
    echo: str | None
    content_type: str
    size: int
    seconds: float


def public_url(patient: Patient) -> Findings:
    """RingCentral has been told where we are, by https."""
    url = patient.settings.public_url
    if url is None:
        yield warning("PUBLIC_URL is not set: no subscription can be made or looked after", "set PUBLIC_URL")
    elif not url.startswith("https://"):
        yield error("PUBLIC_URL is not https: RingCentral refuses it", "put the web process behind TLS")


def handshake(patient: Patient) -> Findings:
    """The webhook of each account answers RingCentral's handshake."""
    if patient.settings.public_url is None:
        yield warning("PUBLIC_URL is not set: there is nobody to shake hands with", "set PUBLIC_URL")
        return
    yield from of_each(patient.settings.accounts, lambda account: _shaken(posted_to(patient.settings, account)[0]))


def _shaken(url: str) -> Findings:
    sent = secrets.token_urlsafe(16)
    try:
        answer = shake_hands(url, sent)
    except requests.RequestException as fault:
        yield error(
            f"{url} cannot be reached ({type(fault).__name__})",
            "see whether web runs and the proxy in front of it passes /webhooks/ on",
        )
        return
    if answer.status != requests.codes.ok or answer.echo != sent:
        yield error(
            f"{url} answers {answer.status} and does not echo the Validation-Token",
            "have the proxy pass /webhooks/ and the Validation-Token header on to web, and back",
        )
        return
    if answer.content_type != JSON:
        yield error(
            f"the answer is called {answer.content_type or 'nothing'}; RingCentral takes {JSON}",
            "have the proxy pass the Content-Type header of answers of /webhooks/ on",
        )
    if answer.size > MOST_BYTES:
        yield error(
            f"the answer has {answer.size} bytes; RingCentral takes {MOST_BYTES}",
            "have the proxy add fewer headers to answers of /webhooks/",
        )
    if answer.seconds > MOST_SECONDS:
        yield error(
            f"the answer took {answer.seconds:.1f} s; RingCentral waits {MOST_SECONDS:.0f} s",
            "move web nearer to its Redis, or start more of it",
        )


def shake_hands(url: str, token: str) -> Answer:
    """Post a handshake, and measure the whole answer."""
    began = time.monotonic()
    with requests.post(url, headers={_ECHO: token}, timeout=(5, 10), allow_redirects=False, stream=True) as answer:
        body = answer.raw.read(64 * 1024)
        seconds = time.monotonic() - began
    head = len(f"HTTP/1.1 {answer.status_code} {answer.reason}\r\n\r\n")
    size = head + sum(len(name) + len(value) + 4 for name, value in answer.headers.items()) + len(body)
    content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Answer(answer.status_code, answer.headers.get(_ECHO), content_type, size, seconds)
