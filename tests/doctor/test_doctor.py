"""The doctor finds each fault that was planted, names what mends it, and finds none in an installation that is well."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from runtime import bells, guarding, keys, operator_log, settings
from runtime.bells import Stage
from runtime.deliveries import destinations
from runtime.guarding import Guarded
from runtime.settings import Account
from scripts.checkup import public_url_checks, ringcentral_checks
from scripts.checkup.checks import CHECKS, examine
from scripts.checkup.findings import Findings, Patient, Severity, of_each, warning
from telephony.destinations import Changes, DestinationState, Draft
from telephony.operator_events import What
from telephony.subscriptions import Health
from tests.doctor.clinic import ACCOUNT, Clinic
from tests.scripts.commands import SCRIPTS, run, run_here
from workers.next_bells import NextBells
from workers.ringcentral.breaker import is_parked

NOT_HERE = {"public-url", "memory", "subscription"}
"""Checks that find something even in a test's installation: no TLS, no bound on memory, no subscription yet."""

SLOW = """
import sys
import threading
from scripts.checkup.findings import of_each
from scripts.terminal.command import at_the_terminal

def look(account):
    print("looking", flush=True)
    threading.Event().wait()
    yield

sys.exit(at_the_terminal(lambda: len(list(of_each([None], look)))))
"""


@pytest.fixture(autouse=True)
def configuration(redis: Redis) -> Iterator[None]:
    """Leave the server as it was."""
    names = ("appendonly", "maxmemory-policy", "maxmemory", "min-replicas-to-write")
    before = {name: redis.config_get(name)[name] for name in names}
    yield
    for name, value in before.items():
        redis.config_set(name, str(value))


def forget_a_setting(clinic: Clinic) -> None:
    del clinic.environ["RC_USER_JWT"]


def choose_a_short_token(clinic: Clinic) -> None:
    clinic.environ["ADMIN_TOKEN"] = "secret"


def let_readers_guess(clinic: Clinic) -> None:
    clinic.environ["READ_TOKEN"] = "wall"


def let_anybody_be_ringcentral(clinic: Clinic) -> None:
    clinic.environ["RC_VERIFICATION_TOKEN"] = "a-token-that-nobody-guesses,hook"


def let_readers_of_redis_guess(clinic: Clinic) -> None:
    clinic.environ["SECRETS_KEY"] = "a-key-for-secrets,hook"


def keep_the_password_that_everybody_knows(clinic: Clinic) -> None:
    clinic.environ["REDIS_URL"] = "redis+sentinel://workers:change-me-workers@one:26379,two:26379/legwork"


def set_a_key_later(clinic: Clinic) -> None:
    add_destination(clinic, keys=())


def keep_secrets_in_the_open(clinic: Clinic) -> None:
    add_destination(clinic, keys=())
    del clinic.environ["SECRETS_KEY"]


def lose_the_key(clinic: Clinic) -> None:
    add_destination(clinic, keys=("another-key",))


def add_destination(clinic: Clinic, *, keys: tuple[str, ...] = ("a-key-for-secrets",)) -> str:
    return destinations.create(clinic.redis, Draft(url="https://crm.example/hook"), keys=keys)[0].id


def switch_persistence_off(clinic: Clinic) -> None:
    clinic.redis.config_set("appendonly", "no")


def lose_all_replicas(clinic: Clinic) -> None:
    clinic.redis.config_set("min-replicas-to-write", 1)


def let_redis_forget(clinic: Clinic) -> None:
    clinic.redis.config_set("maxmemory-policy", "allkeys-lru")


def fill_redis(clinic: Clinic) -> None:
    used = int(clinic.redis.info("memory")["used_memory"])
    clinic.redis.config_set("maxmemory", int(used / 0.8))


def set_a_clock_ahead(clinic: Clinic) -> None:
    clinic.redis.hset(clinic.worker_key(Stage.TRACK), "last_heartbeat", "2099-01-01T00:00:00.000000Z")


def append_what_is_to_come(clinic: Clinic) -> None:
    clinic.redis.xadd(keys.inbox(ACCOUNT), {"body": b"{}"}, id="18446744073709551615-0")  # the last there is


def tell_what_is_to_come(clinic: Clinic) -> None:
    clinic.redis.xadd(keys.OUTCOMES, {"event": b"{}"}, id=f"{int(clinic.now + 3600) * 1000}-0")


def share_the_redis(clinic: Clinic) -> None:
    clinic.ring("track|globex", ago=0)


def write_with_another_version(clinic: Clinic) -> None:
    clinic.redis.set(keys.session(ACCOUNT, "s-1"), b"\x7ffrom the future")


def add_a_destination_with_another_version(clinic: Clinic) -> None:
    clinic.redis.hset(keys.DESTINATIONS, "dst_1", b'{"id":"dst_1","include":"summary"}')


def end_a_worker(clinic: Clinic) -> None:
    clinic.redis.delete(clinic.worker_key(Stage.RESOLVE))


def have_a_worker_serve_two_queues(clinic: Clinic) -> None:
    clinic.redis.hset(clinic.worker_key(Stage.TRACK), "queues", "legwork-track,legwork-resolve")


def stop_the_clock(clinic: Clinic) -> None:
    clinic.ring(f"resolve|{ACCOUNT}", ago=120)


def leave_a_queue_behind(clinic: Clinic) -> None:
    for _ in range(201):
        clinic.redis.rpush(bells.queue_key(Stage.TRACK), "job")


def have_a_job_fail(clinic: Clinic) -> None:
    clinic.redis.zadd(f"rq:failed:{bells.queue_name(Stage.TRACK)}", {"job": clinic.now})


def orphan_a_job(clinic: Clinic) -> None:
    queue = Queue(bells.queue_name(Stage.TRACK), connection=clinic.redis, serializer=JSONSerializer)
    job = queue.enqueue("workers.track.serve", ACCOUNT)
    clinic.redis.hset(f"rq:job:{job.id}", "created_at", "2026-01-01T00:00:00.000000Z")
    clinic.redis.delete(bells.queue_key(Stage.TRACK))


def answer_without_echo(clinic: Clinic) -> None:
    clinic.receiver.answer = {"echo": False}


def answer_as_a_web_page(clinic: Clinic) -> None:
    clinic.receiver.answer = {"content_type": "text/html"}


def answer_with_many_headers(clinic: Clinic) -> None:
    clinic.receiver.answer = {"filler": 1000}


def be_nowhere(clinic: Clinic) -> None:
    del clinic.environ["PUBLIC_URL"]


def be_away(clinic: Clinic) -> None:
    clinic.environ["PUBLIC_URL"] = "http://127.0.0.1:9"


def change_the_secret(clinic: Clinic) -> None:
    clinic.environ["RC_APP_CLIENT_SECRET"] = "not-the-secret"


def take_the_permission_away(clinic: Clinic) -> None:
    clinic.platform.fault("forbid", endpoint="call-log")


def subscribe_nobody(_: Clinic) -> None:
    """Leave it at that: nothing is subscribed."""


def have_a_destination_disabled(clinic: Clinic) -> None:
    destination_id = add_destination(clinic)
    changes = Changes(state=DestinationState.DISABLED, disabled_because="it answered 410 Gone")
    destinations.update(clinic.redis, destination_id, changes)


def rename_an_account(clinic: Clinic) -> None:
    destinations.update(clinic.redis, add_destination(clinic), Changes(accounts=("as-it-was-called",)))


def hear_nothing(clinic: Clinic) -> None:
    message = "The call log shows 3 calls that no notification told of."
    operator_log.raise_alert(clinic.redis, What.NOTIFICATIONS_MISSING, ACCOUNT, message, account=ACCOUNT)


def stop_the_guardian(clinic: Clinic) -> None:
    guarding.keep(clinic.redis, ACCOUNT, Guarded(health=Health.ACTIVE, checked_at=clinic.now - 600))


def hinder_the_guardian(clinic: Clinic) -> None:
    guarding.keep(clinic.redis, ACCOUNT, Guarded(checked_at=clinic.now, problem="Refused SUB-522"))


def leave_a_gap(clinic: Clinic) -> None:
    guarding.keep(clinic.redis, ACCOUNT, Guarded(checked_at=clinic.now, gap_from=clinic.now - 120))


def keep_little(clinic: Clinic) -> None:
    clinic.environ["RETENTION_SECONDS"] = "3600"


def wait_for_a_record_as_long_as_anything_is_kept(clinic: Clinic) -> None:
    clinic.environ["RECORD_DEADLINE_SECONDS"] = "604800"


PLANTED: tuple[tuple[Callable[[Clinic], None], str, str], ...] = (
    (forget_a_setting, "settings", "set RC_USER_JWT"),
    (keep_little, "settings", "set RETENTION_SECONDS to more than 14400, or SILENCE_SECONDS to less"),
    (wait_for_a_record_as_long_as_anything_is_kept, "settings", "RECORD_DEADLINE_SECONDS to less"),
    (choose_a_short_token, "admin-token", "ADMIN_TOKEN"),
    (let_readers_guess, "admin-token", "READ_TOKEN"),
    (let_anybody_be_ringcentral, "verification-token", "`new,old`"),
    (keep_secrets_in_the_open, "secrets-key", "set SECRETS_KEY"),
    (let_readers_of_redis_guess, "secrets-key", "`new,old`"),
    (keep_the_password_that_everybody_knows, "redis-password", "replace every change-me"),
    (set_a_key_later, "secrets-key", "destinations.py rotate"),
    (lose_the_key, "secrets-key", "add the key it was sealed with"),
    (switch_persistence_off, "persistence", "appendonly yes"),
    (lose_all_replicas, "redis-role", "its replicas"),
    (let_redis_forget, "eviction", "noeviction"),
    (fill_redis, "memory", "more of it"),
    (set_a_clock_ahead, "clocks", "NTP"),
    (append_what_is_to_come, "places", "stop web and track"),
    (tell_what_is_to_come, "places", "has the room"),
    (share_the_redis, "one-deployment", "of its own"),
    (write_with_another_version, "payloads", "one version everywhere"),
    (add_a_destination_with_another_version, "payloads", "one version everywhere"),
    (end_a_worker, "workers", "python -m workers resolve"),
    (have_a_worker_serve_two_queues, "one-queue", "one stage each"),
    (stop_the_clock, "bells", "python -m workers clock"),
    (leave_a_queue_behind, "queues", "start more"),
    (have_a_job_fail, "failed-jobs", "look at the log of track"),
    (orphan_a_job, "orphaned-jobs", "redis-cli DEL"),
    (answer_without_echo, "handshake", "Validation-Token header on"),
    (answer_as_a_web_page, "handshake", "pass the Content-Type header"),
    (answer_with_many_headers, "handshake", "fewer headers"),
    (be_nowhere, "handshake", "set PUBLIC_URL"),
    (be_away, "handshake", "whether web runs"),
    (change_the_secret, "credentials", "RC_APP_CLIENT_SECRET"),
    (take_the_permission_away, "call-log", "ReadCallLog"),
    (subscribe_nobody, "subscription", "subscribe.py repair"),
    (stop_the_guardian, "guardian", "python -m workers upkeep"),
    (hinder_the_guardian, "guardian", "subscribe.py repair"),
    (leave_a_gap, "guardian", "subscribe.py repair"),
    (have_a_destination_disabled, "delivery", "destinations.py resume"),
    (rename_an_account, "filters", "--account NAME"),
    (hear_nothing, "alerts", "what is before `web`"),
)


@pytest.mark.parametrize(("plant", "check", "fix"), PLANTED, ids=[plant.__name__ for plant, _, _ in PLANTED])
def test_each_planted_fault_is_found_and_its_mending_named(
    clinic: Clinic, plant: Callable[[Clinic], None], check: str, fix: str
) -> None:
    plant(clinic)

    (told,) = clinic.examine(check)

    assert fix in told.fix
    assert told.says


@pytest.mark.parametrize(
    ("accounts", "severities"),
    [
        (("gone",), [Severity.ERROR]),
        (("gone", ACCOUNT), [Severity.WARNING]),
        (("400131426008",), []),  # RingCentral's id of one
        ((), []),
    ],
)
def test_a_filter_that_leaves_nothing_over_is_an_error(
    clinic: Clinic, accounts: tuple[str, ...], severities: list[Severity]
) -> None:
    destinations.update(clinic.redis, add_destination(clinic), Changes(accounts=accounts))

    assert [told.severity for told in clinic.examine("filters")] == severities


def test_what_one_of_many_accounts_lacks_is_put_right_in_their_file(clinic: Clinic, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(
        '[[accounts]]\nname = "acme"\nrc_app_client_id = "i"\nrc_app_client_secret = "s"\nrc_user_jwt = "j"\n'
    )
    clinic.environ["ACCOUNTS_FILE"] = str(accounts)

    (told,) = clinic.examine("settings")

    assert "account acme: RC_VERIFICATION_TOKEN" in told.says
    assert told.fix.startswith("mend the file that ACCOUNTS_FILE names")


@pytest.mark.parametrize("check", [one.name for one in CHECKS if one.name not in NOT_HERE])
def test_nothing_is_found_where_all_is_well(clinic: Clinic, check: str) -> None:
    assert clinic.examine(check) == []


def test_a_subscription_that_is_active_is_well_and_one_that_is_blacklisted_is_not(clinic: Clinic) -> None:
    subscription_id = clinic.platform.subscribe(f"{clinic.receiver.url}/webhooks/ringcentral")
    assert clinic.examine("subscription") == []

    clinic.platform.fault("blacklist_subscriptions")

    (told,) = clinic.examine("subscription")
    assert (told.severity, "Blacklisted" in told.says) == (Severity.ERROR, True)
    clinic.platform._box.subscriptions.delete(subscription_id)


def test_a_bell_that_a_worker_has_taken_itself_is_no_orphan(clinic: Clinic) -> None:
    bells.ring(clinic.redis, Stage.TRACK, ACCOUNT)
    taken = NextBells(clinic.redis, Stage.TRACK).take(wait=0.01)
    assert taken
    clinic.redis.hset(f"rq:job:{taken.job_id}", "created_at", "2026-01-01T00:00:00.000000Z")

    assert clinic.examine("orphaned-jobs") == []


def test_a_refusal_is_not_taken_for_silence(clinic: Clinic) -> None:
    clinic.platform.fault("answer_status", group="heavy", status=400)

    (told,) = clinic.examine("call-log")

    assert "refuses what is asked (Refused)" in told.says


def test_a_subscription_whose_filter_is_not_served_is_told_from_none(clinic: Clinic) -> None:
    clinic.platform.fault("forbid", endpoint="telephony/sessions")
    subscription_id = clinic.platform.subscribe(f"{clinic.receiver.url}/webhooks/ringcentral")

    (told,) = clinic.examine("subscription")

    assert ("CallControl" in told.fix, "[CallControl] permission" in told.says) == (True, True)
    clinic.platform._box.subscriptions.delete(subscription_id)


def test_hands_are_shaken_where_the_guardian_subscribes(clinic: Clinic, tmp_path: Path) -> None:
    clinic.environ["ACCOUNTS_FILE"] = str(two_accounts(clinic, tmp_path))
    clinic.receiver.paths.clear()

    assert clinic.examine("handshake") == []

    assert sorted(clinic.receiver.paths) == [f"/webhooks/ringcentral/{name}" for name in ("acme", ACCOUNT)]


def test_a_subscription_that_posts_to_us_where_no_account_is_does_not_stand_for_one_that_does(
    clinic: Clinic, tmp_path: Path
) -> None:
    clinic.environ["ACCOUNTS_FILE"] = str(two_accounts(clinic, tmp_path))
    whole = f"{clinic.receiver.url}/webhooks/ringcentral"
    astray, ours = (clinic.platform.subscribe(f"{whole}/{name}") for name in ("nobody", ACCOUNT))

    told = clinic.examine("subscription")

    of_ours = [one for one in told if ACCOUNT in one.says]
    assert ["subscribe.py delete " + astray in one.fix for one in of_ours] == [True]
    for one in (astray, ours):
        clinic.platform._box.subscriptions.delete(one)


def two_accounts(clinic: Clinic, folder: Path) -> Path:
    """Write a file of two accounts, of which one has the name that a single account has."""
    file = folder / "accounts.toml"
    names = ("RC_SERVER_URL", "RC_APP_CLIENT_ID", "RC_APP_CLIENT_SECRET", "RC_USER_JWT", "RC_VERIFICATION_TOKEN")
    rows = "\n".join(f'{name.lower()} = "{clinic.environ[name]}"' for name in names)
    file.write_text("\n".join(f'[[accounts]]\nname = "{name}"\n{rows}' for name in (ACCOUNT, "acme")))
    return file


def test_accounts_are_looked_at_side_by_side_and_told_of_in_their_order(clinic: Clinic, tmp_path: Path) -> None:
    clinic.environ["ACCOUNTS_FILE"] = str(two_accounts(clinic, tmp_path))
    accounts = settings.load(clinic.environ).accounts
    both = threading.Barrier(len(accounts))

    def look(account: Account) -> Findings:
        both.wait(5)  # for the other one: who looks at one after the other breaks it
        yield warning(account.name, "nothing")

    assert [one.says for one in of_each(accounts, look)] == [ACCOUNT, "acme"]


def test_who_is_stopped_while_accounts_are_looked_at_waits_for_no_answer() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", SLOW], cwd=SCRIPTS.parent, stdout=pipe, stderr=pipe) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == b"looking\n"
        command.send_signal(signal.SIGINT)
        try:
            _, complaint = command.communicate(timeout=10)
        finally:
            command.kill()

    assert (command.returncode, complaint) == (1, b"")


def test_accounts_that_are_one_user_are_found_by_name(clinic: Clinic, tmp_path: Path) -> None:
    clinic.environ["ACCOUNTS_FILE"] = str(two_accounts(clinic, tmp_path))

    (told,) = clinic.examine("one-user-each")

    assert f"accounts {ACCOUNT}, acme have" in told.says


def test_an_answer_that_comes_too_late_is_found(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_url_checks, "MOST_SECONDS", 0.0)

    (told,) = clinic.examine("handshake")

    assert "nearer to its Redis" in told.fix


@pytest.mark.parametrize("check", ["credentials", "call-log", "subscription"])
def test_each_check_that_asks_ringcentral_says_that_it_was_not_answered(clinic: Clinic, check: str) -> None:
    change_the_secret(clinic)

    (told,) = clinic.examine(check)

    assert (told.severity, "RC_APP_CLIENT_SECRET" in told.fix) == (Severity.ERROR, True)


def test_credentials_that_are_accepted_again_are_well_at_once_and_the_workers_go_on(clinic: Clinic) -> None:
    clinic.platform.fault("reject_jwt")
    for _ in range(3):
        clinic.examine("credentials")
    assert is_parked(clinic.redis, ACCOUNT)
    clinic.platform.fault("reject_jwt", on=False)

    assert clinic.examine("credentials") == []

    assert not is_parked(clinic.redis, ACCOUNT)


@pytest.mark.parametrize(
    ("check", "group"), [("credentials", "light"), ("call-log", "heavy"), ("subscription", "light")]
)
def test_a_spent_budget_is_no_good_news(
    clinic: Clinic, check: str, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ringcentral_checks, "PATIENCE_SECONDS", 0.0)
    clinic.platform.fault("rate_limit", group=group)

    (told,) = clinic.examine(check)

    assert (told.severity, "the budget is spent" in told.says) == (Severity.WARNING, True)


@pytest.mark.parametrize("check", ["credentials", "call-log", "subscription", "guardian"])
def test_where_no_credentials_are_set_what_needs_them_is_not_called_well(clinic: Clinic, check: str) -> None:
    clinic.environ = {"REDIS_URL": clinic.environ["REDIS_URL"], "ADMIN_TOKEN": "a-token-that-nobody-guesses"}

    (told,) = clinic.examine(check)

    assert (told.skipped, told.severity) == (True, Severity.ERROR)


def test_a_check_that_cannot_be_made_stops_no_other(clinic: Clinic) -> None:
    clinic.environ["PORT"] = "no port"

    (told,) = clinic.examine("admin-token")

    assert (told.skipped, told.severity) == (True, Severity.ERROR)
    assert "doctor.py settings" in told.fix
    assert clinic.examine("eviction") == []


@pytest.mark.parametrize(
    ("url", "why"), [("redis://127.0.0.1:1/0", "Connection refused"), ("redis://127.0.0.1:x/0", "cannot be read")]
)
def test_a_redis_that_is_not_there_is_an_error_and_said_once(url: str, why: str) -> None:
    done = run_here("doctor.py", "--json", "redis", "eviction", "memory", redis_url=url)

    first, *others = msgspec.json.decode(done.stdout)["findings"]
    assert (done.returncode, first["check"], first["severity"]) == (1, "redis", "error")
    assert why in first["says"]
    assert [(one["severity"], one["fix"]) for one in others] == [("warning", "mend what stands above")] * 2


def test_who_may_not_look_at_redis_is_not_told_that_it_is_away(clinic: Clinic, redis_url: str) -> None:
    eviction = next(one for one in CHECKS if one.name == "eviction")
    clinic.redis.acl_setuser("looker", enabled=True, nopass=True, commands=["+ping"])

    with Redis.from_url(redis_url, username="looker", password="any") as redis:
        (told,) = examine(Patient(clinic.environ, None, redis), (eviction,))
    clinic.redis.acl_deluser("looker")

    assert (told.skipped, told.severity, "users.acl" in told.fix) == (True, Severity.ERROR, True)


def test_a_check_that_was_asked_for_alone_and_cannot_be_made_is_an_error() -> None:
    done = run_here("doctor.py", "eviction", redis_url="redis://127.0.0.1:1/0")

    assert done.returncode == 1
    assert "doctor.py redis" in done.stdout


def test_the_command_tells_people_and_machines_and_its_exit_code_says_how_bad_it_is(redis_url: str) -> None:
    people = run("doctor.py", "eviction", "workers", redis_url=redis_url)
    machines = run_here("doctor.py", "--json", "eviction", redis_url=redis_url)

    assert (people.returncode, machines.returncode) == (1, 0)
    assert "-> start `python -m workers track`" in people.stdout
    assert msgspec.json.decode(machines.stdout)["worst"] == "ok"


def test_a_redis_that_is_full_is_not_taken_for_one_that_is_away(clinic: Clinic) -> None:
    before = clinic.redis.config_get("maxmemory")["maxmemory"] or "0"
    clinic.redis.config_set("maxmemory", 1)
    try:
        (told,) = clinic.examine("credentials")
    finally:
        clinic.redis.config_set("maxmemory", before)

    assert (told.severity, told.skipped) == (Severity.ERROR, True)
    assert told.says.startswith("not looked at: Redis refuses: ")
    assert "doctor.py redis-role memory" in told.fix
