"""`scripts/subscribe.py`, as a person uses it: see, make, renew, delete and repair RingCentral's subscription."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from scripts import subscribe as command
from scripts.simulator import RunningSimulator, running_simulator
from telephony.times import parse_time
from tests.faults.product import TOKEN, account_of
from tests.simulator.webhook import Webhook


class Ended(NamedTuple):
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


Subscribe = Callable[..., Ended]


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def subscribe(
    simulator: RunningSimulator,
    webhook: Webhook,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Subscribe:
    """Run the command where `web` is the webhook."""
    settings = {
        **account_of(simulator),
        "REDIS_URL": redis_url,
        "PUBLIC_URL": webhook.url.removesuffix("/webhooks/ringcentral"),
        "RC_VERIFICATION_TOKEN": TOKEN,
    }

    def subscribed(*arguments: str, **more: str) -> Ended:
        for name, value in {**settings, **more}.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        return Ended(command.main(arguments), *capsys.readouterr())

    return subscribed


def test_one_is_made_once_renewed_and_deleted(subscribe: Subscribe, simulator: RunningSimulator) -> None:
    assert subscribe("list").returncode == 1

    made = subscribe("create")
    again = subscribe("create")

    (one,) = simulator.status()["subscriptions"]
    assert (made.returncode, again.returncode) == (0, 0)
    assert f"{one['id']} is the one from now on" in made.stdout
    assert f"{one['id']} was there already" in again.stdout
    assert subscribe("renew", one["id"]).stdout.startswith(f"renewed {one['id']}, until ")
    assert subscribe("delete", one["id"]).stdout == f"deleted {one['id']}\n"
    assert subscribe("list").returncode == 1


def test_each_command_tells_machines_what_it_did(subscribe: Subscribe) -> None:
    guardian = msgspec.json.decode(subscribe("create", "--json").stdout)["guardian"]
    made = guardian["id"]

    renewed = msgspec.json.decode(subscribe("renew", made, "--json").stdout)
    deleted = msgspec.json.decode(subscribe("delete", made, "--json").stdout)

    assert all(parse_time(guardian[name]) for name in ("checkedAt", "expiresAt"))  # text, as all times that leave
    assert guardian["gapFrom"] is None
    assert (renewed["renewed"]["id"], renewed["renewed"]["status"]) == (made, "Active")
    assert deleted == {"account": "default", "deleted": made}


def test_the_list_says_what_is_wrong_and_repair_mends_it(subscribe: Subscribe, simulator: RunningSimulator) -> None:
    subscribe("create")
    simulator.fault("blacklist_subscriptions")

    listed = subscribe("list")
    repaired = subscribe("repair")
    after = subscribe("list", "--json")

    assert listed.returncode == 1
    assert "Blacklisted" in listed.stdout
    assert "Read timed out" in listed.stdout
    assert "is the one from now on" in repaired.stdout
    (one,) = msgspec.json.decode(after.stdout)["items"]
    assert (after.returncode, one["status"], one["ours"]) == (0, "Active", True)


def test_the_list_says_that_the_token_of_the_one_there_is_must_stay_until_one_is_made_with_the_newer(
    subscribe: Subscribe, webhook: Webhook
) -> None:
    tokens = {"RC_VERIFICATION_TOKEN": f"the-newer-token,{TOKEN}"}
    subscribe("create")
    said = [subscribe("list").stdout]
    webhook.answer.status = 500

    assert subscribe("repair", **tokens).returncode == 1
    said.append(subscribe("list", **tokens).stdout)
    webhook.answer.status = 200
    assert subscribe("repair", **tokens).returncode == 0
    said.append(subscribe("list", **tokens).stdout)

    assert ["with an older verification token" in each for each in said] == [False, True, False]


@pytest.fixture
def accounts_file(simulator: RunningSimulator, tmp_path: Path) -> Iterator[str]:
    """Have an account that is not let in, then one without a subscription, then the simulator's."""
    with running_simulator() as another:
        wrong = {**account_of(another), "RC_APP_CLIENT_SECRET": "not-the-secret"}
        accounts = {"barred": wrong, "empty": account_of(another), "acme": account_of(simulator)}
        file = tmp_path / "accounts.toml"
        for name, settings in accounts.items():
            lines = "".join(f'{key.lower()} = "{value}"\n' for key, value in settings.items())
            with file.open("a") as opened:
                opened.write(f'[[accounts]]\nname = "{name}"\n{lines}')
        yield str(file)


def test_an_account_that_fails_hides_no_other(
    subscribe: Subscribe, simulator: RunningSimulator, webhook: Webhook, accounts_file: str
) -> None:
    one = simulator.subscribe(webhook.url)

    listed = subscribe("list", ACCOUNTS_FILE=accounts_file)

    assert (listed.returncode, one in listed.stdout) == (1, True)
    assert "account barred: RingCentral: " in listed.stderr


def test_as_json_each_account_is_a_line(subscribe: Subscribe, accounts_file: str) -> None:
    listed = subscribe("list", "--json", ACCOUNTS_FILE=accounts_file)

    assert [msgspec.json.decode(line)["account"] for line in listed.stdout.splitlines()] == ["empty", "acme"]


def test_what_is_named_is_found_in_whichever_account_it_is(
    subscribe: Subscribe, simulator: RunningSimulator, webhook: Webhook, accounts_file: str
) -> None:
    one = simulator.subscribe(webhook.url)

    renewed = subscribe("renew", one, ACCOUNTS_FILE=accounts_file)
    nowhere = subscribe("delete", "nobody", "--account", "empty", ACCOUNTS_FILE=accounts_file)

    assert (renewed.returncode, renewed.stdout.startswith(f"renewed {one}")) == (0, True)
    assert (nowhere.returncode, "there is no subscription nobody" in nowhere.stderr) == (1, True)


def test_credentials_that_are_accepted_again_are_tried_at_once(
    subscribe: Subscribe, simulator: RunningSimulator
) -> None:
    simulator.fault("reject_jwt")
    assert "OAU-251" in subscribe("repair").stderr
    simulator.fault("reject_jwt", on=False)

    assert subscribe("repair").returncode == 0


def test_what_cannot_be_done_is_said_with_what_to_do(subscribe: Subscribe) -> None:
    assert "there is no subscription nobody" in subscribe("renew", "nobody").stderr
    assert "set PUBLIC_URL" in subscribe("repair", PUBLIC_URL="").stderr
    assert "RingCentral was not asked" in subscribe("list", RC_SERVER_URL="http://127.0.0.1:1").stderr
