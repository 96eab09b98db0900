"""RingCentral in a box, and the product beside it, as a demonstration asks for them."""

import pytest

from scripts.simulator import running_simulator
from scripts.supervisor.box import wait_until_up
from scripts.supervisor.stopping import StopRequest


def test_a_proxy_of_the_environment_is_not_asked_for_what_is_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # where nobody listens

    with running_simulator() as platform:
        wait_until_up(f"{platform.url}/simulator/status", seconds=0, stop=StopRequest())
