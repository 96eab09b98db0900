"""What single looks of the doctor make of what they see: where the line is between well and not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from runtime import bells
from runtime.bells import Stage
from runtime.settings import Account, Scope
from scripts.checkup import other_checks, redis_checks
from scripts.checkup.findings import Patient, Severity
from scripts.checkup.ringcentral_checks import _judged
from telephony.subscriptions import Seen
from tests.builders.attempts import a_dead_letter, bury
from tests.doctor.clinic import ACCOUNT, Clinic
from tests.doctor.test_doctor import add_destination
from tests.scripts.commands import run_here

OURS = Account(ACCOUNT, "https://platform.example", Scope.ACCOUNT, None, ())


class Saying:
    """Stands for a Redis that says this of itself."""

    def __init__(self, **said: str) -> None:
        self._said = said

    def info(self) -> dict[str, str]:
        return self._said


def a_subscription(**fields: Any) -> Seen:
    return Seen(**{"id": "sub-1", "status": "Active", "address": "https://legwork.example"} | fields)


@pytest.mark.parametrize(
    ("said", "is_old"),
    [
        ({"redis_version": "6.2.14"}, True),
        ({"redis_version": "7.0.0"}, False),
        ({"redis_version": "10.0.0"}, False),
        ({"redis_version": "6.9.9", "valkey_version": "8.0.0"}, False),
        ({}, True),
    ],
)
def test_a_redis_before_the_seventh_is_too_old_unless_it_is_valkey(said: dict[str, str], *, is_old: bool) -> None:
    patient = Patient({}, None, Saying(**said))  # type: ignore[arg-type]  # as far as this look needs it

    assert bool(list(redis_checks.version(patient))) is is_old


@pytest.mark.parametrize(
    ("ahead", "found"), [(0.0, []), (30.0, [Severity.WARNING]), (-30.0, [Severity.WARNING]), (90.0, [Severity.ERROR])]
)
def test_a_clock_of_this_machine_that_is_off_is_found_the_worse_the_more(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, ahead: float, found: list[Severity]
) -> None:
    now = clinic.now
    monkeypatch.setattr("scripts.checkup.redis_checks.time.time", lambda: now + ahead)

    assert [one.severity for one in clinic.examine("clocks") if "this machine" in one.says] == found


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([a_subscription()], []),
        ([], ["no subscription brings notifications here"]),
        ([a_subscription(), a_subscription(id="sub-2")], ["2 subscriptions bring the same notifications"]),
        ([a_subscription(status="Suspended")], ["the subscription is Suspended (no reason given)"]),
        (
            [a_subscription(status="Blacklisted", reason="Read timed out")],
            ["the subscription is Blacklisted (Read timed out)"],
        ),
        (
            [a_subscription(disabled=("/calls", "/sms"), because=("no permission", "no scope"))],
            ["RingCentral does not serve /calls (no permission), /sms (no scope)"],
        ),
    ],
)
def test_one_subscription_that_is_active_and_wholly_served_is_well(found: list[Seen], said: list[str]) -> None:
    assert [one.says.removeprefix(f"account {ACCOUNT}: ") for one in _judged(OURS, found)] == said


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        (7, []),
        (5, [(Severity.WARNING, "the subscription ends in 300 minutes")]),
        (-1, [(Severity.ERROR, "the subscription ended 60 minutes ago")]),
    ],
)
def test_a_subscription_that_ends_within_some_hours_or_has_ended_is_told_of(
    hours: float, found: list[tuple[Severity, str]]
) -> None:
    until = datetime.now(UTC) + timedelta(hours=hours)

    told = _judged(OURS, [a_subscription(expires_at=until)])
    assert [(one.severity, one.says.removeprefix(f"account {ACCOUNT}: ")) for one in told] == found


def test_what_a_destination_never_took_is_told_with_how_to_send_it_again(clinic: Clinic) -> None:
    destination = add_destination(clinic)
    bury(clinic.redis, destination, a_dead_letter("s-1/1", "1-0"))

    (told,) = clinic.examine("delivery")

    assert (told.severity, told.says) == (Severity.WARNING, f"{destination} never took 1 events")
    assert f"redrive {destination}" in told.fix


@pytest.mark.parametrize(
    ("url", "severity"),
    [(None, Severity.WARNING), ("http://legwork.example", Severity.ERROR), ("https://legwork.example", None)],
)
def test_ringcentral_is_to_be_told_where_we_are_by_https(
    clinic: Clinic, url: str | None, severity: Severity | None
) -> None:
    del clinic.environ["PUBLIC_URL"]
    if url is not None:
        clinic.environ["PUBLIC_URL"] = url

    assert [one.severity for one in clinic.examine("public-url")] == [severity] * (severity is not None)


def test_who_has_no_token_for_the_api_is_told_so_and_a_token_is_long_enough_at_sixteen(clinic: Clinic) -> None:
    clinic.environ["ADMIN_TOKEN"] = "sixteen-signs-ok"
    assert clinic.examine("admin-token") == []
    del clinic.environ["ADMIN_TOKEN"]

    (told,) = clinic.examine("admin-token")

    assert (told.severity, "ADMIN_TOKEN is not set here" in told.says) == (Severity.WARNING, True)


def test_a_library_of_another_version_and_one_that_is_missing_are_named(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = {"redis": "1.0"}
    ours = other_checks._installed
    monkeypatch.setattr(other_checks, "_installed", lambda name: installed.get(name, ours(name)))
    (other,) = clinic.examine("libraries")
    monkeypatch.setattr(other_checks, "_installed", lambda name: None if name == "flask" else ours(name))
    (missing,) = clinic.examine("libraries")

    assert other.says.startswith("redis is 1.0, not ")
    assert missing.says.startswith("flask is missing, not ")


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--strict",), 1)])
def test_a_warning_fails_only_who_is_strict(redis: Redis, redis_url: str, words: tuple[str, ...], code: int) -> None:
    redis.zadd(f"rq:failed:{bells.queue_name(Stage.TRACK)}", {"job": 1.0})

    done = run_here("doctor.py", *words, "failed-jobs", redis_url=redis_url)

    assert (done.returncode, "1 jobs of track have failed" in done.stdout) == (code, True)


def test_a_check_that_does_not_exist_is_a_usage_error(redis_url: str) -> None:
    done = run_here("doctor.py", "evicted", redis_url=redis_url)

    assert (done.returncode, "no check: evicted; they are settings," in done.stderr) == (2, True)
