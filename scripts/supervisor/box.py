"""RingCentral in a box, as seen from outside: it is subscribed to, then plays, and knows what it played."""

import time
from typing import Any

import msgspec
import requests

from scripts.supervisor.environment import FOR_THE_BOX
from scripts.supervisor.stopping import StopRequest
from scripts.supervisor.summary import Truth

ATTEMPT_SECONDS = 5.0
EVENT_FILTER = "/restapi/v1.0/account/~/telephony/sessions"
SUBSCRIPTION_SECONDS = 7 * 86400
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class BoxError(Exception):
    """The simulator, or the product's webhook, did not do what a demonstration needs."""


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """What the simulator has seen so far."""

    webhooks: dict[str, Any]
    requests: dict[str, dict[str, int]]
    rate_limited: int


class Box:
    """A simulator at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = local_session()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def subscribe(self, address: str, *, verification_token: str) -> None:
        """Have notifications posted to `address`, as an app does: token, subscription, handshake. Then calls begin."""
        self._http.headers["Authorization"] = f"Bearer {self._access_token()}"
        wanted = {
            "eventFilters": [EVENT_FILTER],
            "deliveryMode": {
                "transportType": "WebHook",
                "address": address,
                "verificationToken": verification_token,
            },
            "expiresIn": SUBSCRIPTION_SECONDS,
        }
        self._post("/restapi/v1.0/subscription", json=wanted)

    def truths(self) -> tuple[Truth, ...]:
        """Say how each call must be reported."""
        return msgspec.convert(self._get("/simulator/truth")["items"], type=tuple[Truth, ...])

    def status(self) -> Status:
        """Say what was sent and asked so far."""
        return msgspec.convert(self._get("/simulator/status"), type=Status)

    def _access_token(self) -> str:
        credentials = (FOR_THE_BOX["RC_APP_CLIENT_ID"], FOR_THE_BOX["RC_APP_CLIENT_SECRET"])
        grant = {"grant_type": JWT_GRANT, "assertion": FOR_THE_BOX["RC_USER_JWT"]}
        token: str = self._post("/restapi/oauth/token", data=grant, auth=credentials)["access_token"]
        return token

    def _get(self, path: str) -> Any:
        return self._ask("GET", path)

    def _post(self, path: str, **sent: Any) -> Any:
        return self._ask("POST", path, **sent)

    def _ask(self, method: str, path: str, **sent: Any) -> Any:
        try:
            reply = self._http.request(method, f"{self.url}{path}", timeout=ATTEMPT_SECONDS, **sent)
        except requests.RequestException as error:
            raise BoxError(f"RingCentral in a box does not answer {method} {path}: {error}") from error
        if not reply.ok:
            raise BoxError(f"RingCentral in a box refused {method} {path}: {reply.status_code} {reply.text}")
        return reply.json()


def wait_until_up(url: str, *, seconds: float, stop: StopRequest) -> None:
    """Return when `url` answers 200; raise `BoxError` when that takes too long, or we are to stop."""
    deadline = time.monotonic() + seconds
    with local_session() as http:
        while not _is_up(http, url):
            if time.monotonic() > deadline or stop.wait(0.1):
                raise BoxError(f"{url} did not answer")


def _is_up(http: requests.Session, url: str) -> bool:
    try:
        return http.get(url, timeout=ATTEMPT_SECONDS).ok
    except requests.RequestException:
        return False


def local_session() -> requests.Session:
    """Make a session for what is on this machine, which no proxy of the environment can reach."""
    session = requests.Session()
    session.trust_env = False
    return session
