"""The simulator as tests use it: a real HTTP server in a thread, and one object to steer it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import convert

from scripts.simulator.box import Box
from scripts.simulator.configuration import Configuration
from scripts.simulator.fault_table import FaultRequest, switch
from scripts.simulator.ringouts import plan_of
from scripts.simulator.scenarios import SCENARIOS
from scripts.simulator.server import served


class RunningSimulator:
    """Steer a running simulator from the same process."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self.url = box.base_url

    def subscribe(self, address: str, verification_token: str | None = None, *filters: str) -> str:
        """Subscribe a webhook without going through the API's token and limits; the handshake is real."""
        mode = {"transportType": "WebHook", "address": address, "verificationToken": verification_token}
        asked = list(filters) or ["/restapi/v1.0/account/~/telephony/sessions"]
        return self._box.subscriptions.create({"eventFilters": asked, "deliveryMode": mode}).id

    def play(self, *, count: int, rate: float = 1.0, scenario: str | None = None, speed: float = 1.0) -> list[str]:
        """Start playing and give the telephonySessionIds; see the package for what counts as a call."""
        chosen = None if scenario is None else SCENARIOS[scenario]
        takes = self._box.player.play(count, rate=rate, scenario=chosen, speed=speed)
        return [take.ids.telephony_session_id for take in takes]

    def truth(self) -> list[dict[str, Any]]:
        """Give the right answers, as `GET /simulator/truth` does."""
        items: list[dict[str, Any]] = self._box.truth()["items"]
        return items

    def status(self) -> dict[str, Any]:
        """Give the state of things, as `GET /simulator/status` does."""
        return self._box.status()

    def requests(self) -> list[dict[str, Any]]:
        """List the API requests that came in."""
        return [
            {
                "time": one.time,
                "group": one.group,
                "path": one.path,
                "status": one.status,
                "duringPenalty": one.during_penalty,
            }
            for one in self._box.requests.all()
        ]

    def fault(self, name: str, **fields: Any) -> None:
        """Switch a fault; the names and fields are those of the fault table."""
        switch(self._box, convert({"fault": name, **fields}, FaultRequest))

    def plan_ringouts(self, **fields: Any) -> None:
        """Say how RingOuts go that are placed from now on; the fields are those of `POST /simulator/ringouts`."""
        self._box.ringouts.plan = plan_of(fields)

    def ringouts(self) -> dict[str, Any]:
        """Tell what was placed, as `GET /simulator/ringouts` does."""
        return self._box.ringouts.document()

    def post_notifications(self, documents: list[dict[str, Any]]) -> list[int]:
        """Post notifications made elsewhere, in this order, to every subscription; give the answers' statuses."""
        return self._box.deliveries.post_now(documents)


@contextmanager
def running_simulator(configuration: Configuration | None = None) -> Iterator[RunningSimulator]:
    """Run a simulator until the block is left."""
    with served(configuration or Configuration()) as box:
        yield RunningSimulator(box)
