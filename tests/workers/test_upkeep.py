"""Upkeep: what has been kept as long as was promised is dropped, and nothing that is still needed."""

import inspect
from collections.abc import Callable, Iterator

import msgspec
import pytest
from redis import Redis

from runtime import audit, bells, completeness, guarding, keys, operator_log, prometheus, replays
from runtime.audit import Hour
from runtime.bells import Stage
from runtime.completeness import Completeness
from runtime.deliveries import destinations
from runtime.guarding import Guarded
from runtime.leases import lease
from runtime.metrics import DELIVERIES, DELIVERY_LAG_SECONDS, TRACKED, counted
from runtime.replays import Asked, Level
from telephony.destinations import Draft
from telephony.operator_events import What
from telephony.selection import Selection
from tests.builders.calls import ivr_call
from tests.outputs import entries
from tests.workers.office import ACCOUNT, Office
from workers import upkeep
from workers.housekeeping import alarms, presence
from workers.ringcentral.breaker import LONGEST_PARKING

MANY = 1030  # entries; Redis drops a hundred together where it need not drop exactly those that are old
GLOBEX = "globex"
NOW = 1_900_000_000.0
INBOX, QUARANTINE = keys.inbox(ACCOUNT), keys.quarantine(ACCOUNT)


OF_ACCOUNTS = [
    build
    for build in vars(keys).values()
    if inspect.isfunction(build)
    and [*inspect.signature(build).parameters] == ["account"]
    and build is not keys.breaker  # which has a time to live
]
"""The builders of keys of which an account has one each."""


def write_anything(redis: Redis, build: Callable[[str], str]) -> None:
    """Keep something of an account, of whatever type that is."""
    name, what = build(GLOBEX), (build.__doc__ or "").partition(".")[0].partition(",")[0]
    written: dict[str, Callable[[], object]] = {
        "String": lambda: redis.set(name, "1"),
        "Hash": lambda: redis.hset(name, "1", "1"),
        "Sorted set": lambda: redis.zadd(name, {"1": 1.0}),
        "Stream": lambda: redis.xadd(name, {"body": b"{}"}, id="1-1"),
    }
    written[what]()


def fill(office: Office, stream: str, *, age: float, count: int = MANY) -> str:
    """Append entries that came so many seconds ago; give the id of the last."""
    start = int((office.now - age) * 1000)
    with office.redis.pipeline(transaction=False) as pipeline:
        for number in range(count):
            pipeline.xadd(stream, {"body": b"{}"}, id=f"{start}-{number + 1}")
        ids: list[bytes] = pipeline.execute()
    return ids[-1].decode()


def left(redis: Redis, stream: str) -> int:
    return len(entries(redis, stream))


def test_bodies_that_are_tracked_are_dropped_after_their_retention(office: Office) -> None:
    fill(office, INBOX, age=office.settings.inbox_retention_seconds + 60)
    last = fill(office, INBOX, age=office.settings.inbox_retention_seconds - 60)
    office.redis.set(keys.inbox_cursor(ACCOUNT), last)

    upkeep.serve(ACCOUNT)

    assert left(office.redis, INBOX) == MANY


def test_bodies_that_are_not_tracked_yet_are_never_dropped(office: Office) -> None:
    first = fill(office, INBOX, age=3 * office.settings.inbox_retention_seconds)
    fill(office, INBOX, age=2 * office.settings.inbox_retention_seconds)
    upkeep.serve(ACCOUNT)
    assert left(office.redis, INBOX) == 2 * MANY

    office.redis.set(keys.inbox_cursor(ACCOUNT), first)
    upkeep.serve(ACCOUNT)

    assert left(office.redis, INBOX) >= MANY


def test_events_and_quarantined_bodies_are_kept_for_the_longer_retention(office: Office) -> None:
    for stream in (keys.OUTCOMES, QUARANTINE):
        fill(office, stream, age=office.settings.retention_seconds + 60)
        fill(office, stream, age=office.settings.retention_seconds - 60)

    upkeep.serve(ACCOUNT)

    assert [left(office.redis, stream) for stream in (keys.OUTCOMES, QUARANTINE)] == [MANY, MANY]


def test_one_upkeep_drops_all_that_is_to_be_dropped_however_much(office: Office) -> None:
    fill(office, keys.OUTCOMES, age=office.settings.retention_seconds + 60, count=12 * MANY)

    upkeep.serve(ACCOUNT)

    assert left(office.redis, keys.OUTCOMES) == 0


def test_ringouts_and_the_sessions_that_may_be_theirs_are_listed_as_long(office: Office) -> None:
    lists, retention = (keys.ringouts(ACCOUNT), keys.ringout_sessions(ACCOUNT)), office.settings.retention_seconds
    for name in lists:
        office.redis.zadd(name, {"old": office.now - retention - 60, "recent": office.now - retention + 60})

    upkeep.serve(ACCOUNT)

    assert [office.redis.zrange(name, 0, -1) for name in lists] == [[b"recent"], [b"recent"]]


def test_what_the_log_showed_and_what_was_counted_and_erased_of_old_calls_is_forgotten(office: Office) -> None:
    old, recent = (office.now - office.settings.retention_seconds + off for off in (-2 * audit.HOUR, 60))
    office.redis.zadd(keys.listed(ACCOUNT), {"s-old": old, "s-recent": recent})
    office.redis.hset(keys.audited(ACCOUNT), mapping={f"{old:.0f}": "{}", f"{recent:.0f}": "{}"})
    office.redis.zadd(keys.calls(ACCOUNT), {"s-recent": recent})
    office.redis.hset(keys.suppressed(ACCOUNT), mapping={"s-old": "erased", "s-recent": "erased"})

    upkeep.trim(office.redis, ACCOUNT, office.settings)

    assert office.redis.zrange(keys.listed(ACCOUNT), 0, -1) == [b"s-recent"]
    assert office.redis.hkeys(keys.audited(ACCOUNT)) == [f"{recent:.0f}".encode()]
    assert office.redis.hkeys(keys.suppressed(ACCOUNT)) == [b"s-recent"]


def test_what_is_told_to_whoever_runs_legwork_is_kept_as_long(office: Office) -> None:
    for stream in (keys.OPERATOR, keys.ACTIONS):
        fill(office, stream, age=office.settings.retention_seconds + 60)
        fill(office, stream, age=office.settings.retention_seconds - 60)

    upkeep.serve(ACCOUNT)

    assert [left(office.redis, stream) for stream in (keys.OPERATOR, keys.ACTIONS)] == [MANY, MANY]


def test_what_is_no_account_s_own_is_done_once_a_minute_however_many_accounts_there_are(office: Office) -> None:
    upkeep.serve(ACCOUNT)
    fill(office, keys.OUTCOMES, age=office.settings.retention_seconds + 60)

    upkeep.tidy(office.redis, office.settings, office.dependencies.recorder)  # as of another account
    assert left(office.redis, keys.OUTCOMES) == MANY

    office.let_pass(upkeep.UPKEEP_SECONDS)
    upkeep.serve(ACCOUNT)
    assert left(office.redis, keys.OUTCOMES) == 0


def test_a_clock_that_was_set_back_keeps_nothing_from_being_done(office: Office) -> None:
    office.let_pass(3600)
    upkeep.serve(ACCOUNT)
    office.let_pass(-3600)
    fill(office, keys.OUTCOMES, age=office.settings.retention_seconds + 60)

    upkeep.serve(ACCOUNT)

    assert left(office.redis, keys.OUTCOMES) == 0


def test_upkeep_comes_again_after_a_while(office: Office) -> None:
    office.redis.set(keys.rung(ACCOUNT, Stage.UPKEEP), "1")

    upkeep.serve(ACCOUNT)

    assert 0 < (office.next_bell(Stage.UPKEEP) or 0) <= upkeep.UPKEEP_SECONDS
    assert not office.redis.exists(keys.rung(ACCOUNT, Stage.UPKEEP))


def test_an_account_is_looked_after_by_one_at_a_time(office: Office) -> None:
    office.redis.zadd(keys.BELLS, {bells.member(Stage.UPKEEP, ACCOUNT): 1000.0})
    with lease(office.redis, ACCOUNT, Stage.UPKEEP):
        upkeep.serve(ACCOUNT)

    assert office.redis.zscore(keys.BELLS, bells.member(Stage.UPKEEP, ACCOUNT)) == 1000.0


@pytest.mark.parametrize("is_noted", [True, False], ids=["noted while it was in them", "before any version noted them"])
def test_of_an_account_that_was_taken_out_of_the_settings_nothing_is_kept_for_longer(
    office: Office, *, is_noted: bool
) -> None:
    if is_noted:
        upkeep.trim(office.redis, GLOBEX, office.settings)
    last = fill(office, keys.inbox(GLOBEX), age=3600)
    office.redis.set(keys.inbox_cursor(GLOBEX), last)
    fill(office, keys.inbox(GLOBEX), age=1800, count=1)  # which nobody will track
    fill(office, keys.quarantine(GLOBEX), age=3600)
    office.redis.zadd(keys.calls(GLOBEX), {"s-1": office.now})

    office.let_pass(office.settings.inbox_retention_seconds)
    upkeep.serve(ACCOUNT)
    assert [left(office.redis, stream(GLOBEX)) for stream in (keys.inbox, keys.quarantine)] == [1, MANY]

    office.let_pass(office.settings.retention_seconds)
    upkeep.serve(ACCOUNT)
    assert [left(office.redis, stream(GLOBEX)) for stream in (keys.inbox, keys.quarantine)] == [0, 0]
    assert not office.redis.exists(keys.calls(GLOBEX))
    assert office.redis.smembers(keys.ACCOUNTS) == {ACCOUNT.encode()}


def test_so_it_is_where_a_version_that_noted_no_accounts_was_at_it_just_before_the_upgrade(office: Office) -> None:
    office.redis.set(keys.inbox_cursor(GLOBEX), fill(office, keys.inbox(GLOBEX), age=3600))
    office.redis.set(keys.TIDIED, f"{office.now:.3f}")
    upkeep.serve(ACCOUNT)

    office.let_pass(office.settings.retention_seconds)
    upkeep.serve(ACCOUNT)

    assert left(office.redis, keys.inbox(GLOBEX)) == 0


def test_of_such_an_account_no_key_is_left_that_has_no_time_to_live(office: Office) -> None:
    for build in OF_ACCOUNTS:
        write_anything(office.redis, build)
    office.dependencies.recorder.count(TRACKED, GLOBEX, "folded")
    office.dependencies.recorder.flush()

    upkeep.serve(ACCOUNT)

    assert [build.__name__ for build in OF_ACCOUNTS if office.redis.exists(build(GLOBEX))] == []
    assert counted(office.redis, TRACKED, GLOBEX, "folded") == 0
    assert office.redis.smembers(keys.ACCOUNTS) == {ACCOUNT.encode()}


def test_what_such_an_account_is_told_after_all_of_it_was_gone_is_kept_for_no_longer_either(office: Office) -> None:
    upkeep.serve(ACCOUNT)
    fill(office, keys.inbox(GLOBEX), age=0, count=1)  # by a `web` process that was not restarted

    office.let_pass(office.settings.retention_seconds + 60)
    upkeep.serve(ACCOUNT)

    assert left(office.redis, keys.inbox(GLOBEX)) == 0


def test_every_key_is_looked_at_for_that_once_a_day_however_many_accounts_there_are(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.let_pass(upkeep._DAY - office.now % upkeep._DAY - 20)
    upkeep.serve(ACCOUNT)
    looks: list[Redis] = []

    def with_an_inbox(redis: Redis) -> Iterator[str]:
        looks.append(redis)
        yield from ()

    monkeypatch.setattr(upkeep, "_with_an_inbox", with_an_inbox)
    office.let_pass(30)
    for seconds in (0, 0, upkeep.TIDY_SECONDS, 0, upkeep.TIDY_SECONDS):
        office.let_pass(seconds)
        upkeep.tidy(office.redis, office.settings, office.dependencies.recorder)  # as of another account

    assert len(looks) == 1


def test_of_one_without_calls_that_another_worker_s_settings_name_all_is_kept(office: Office) -> None:
    upkeep.trim(office.redis, GLOBEX, office.settings)
    completeness.keep(office.redis, GLOBEX, Completeness(office.now, 0.0, Hour(0.0)))
    office.redis.set(keys.asking(GLOBEX), "{}")

    upkeep.serve(ACCOUNT)

    assert office.redis.exists(keys.asking(GLOBEX))
    assert office.redis.sismember(keys.ACCOUNTS, GLOBEX)


def test_a_replay_that_nobody_began_within_the_retention_is_gone_and_can_be_asked_for_anew(office: Office) -> None:
    asked = Asked(level=Level.RAW, selection=Selection(number="+12125550199"))
    first = replays.create(office.redis, ACCOUNT, asked)
    office.let_pass(office.settings.retention_seconds + 60)

    upkeep.serve(ACCOUNT)

    assert not office.redis.exists(keys.replay(ACCOUNT, first.id))
    again = replays.create(office.redis, ACCOUNT, asked)
    assert replays.next_due(office.redis, ACCOUNT, office.now) == again.id != first.id


def test_a_replay_that_takes_longer_than_the_retention_stays_in_the_list(office: Office) -> None:
    made = replays.create(office.redis, ACCOUNT, Asked(level=Level.BACKFILL, selection=Selection(since=1.0)))
    office.let_pass(office.settings.retention_seconds + 60)
    office.redis.zadd(keys.replays_due(ACCOUNT), {made.id: office.now})  # it has just gone on

    upkeep.serve(ACCOUNT)

    listed, _ = replays.page(office.redis, [ACCOUNT], limit=10)
    assert [one.id for one in listed] == [made.id]


def test_what_was_counted_of_a_destination_goes_with_it(office: Office) -> None:
    draft = Draft(url="https://crm.example/hook")
    gone, kept = (destinations.create(office.redis, draft, keys=())[0].id for _ in range(2))
    for one in (gone, kept):
        office.dependencies.recorder.count(DELIVERIES, one, "delivered")
        office.dependencies.recorder.observe(DELIVERY_LAG_SECONDS, 1.0, one)
    office.dependencies.recorder.flush()
    destinations.delete(office.redis, gone)

    upkeep.serve(ACCOUNT)

    told = prometheus.render(office.redis).decode()
    assert gone not in told
    assert f'legwork_deliveries_total{{destination="{kept}",verdict="delivered"}} 1.0' in told


def test_what_only_another_worker_s_settings_name_is_not_forgotten(office: Office) -> None:
    upkeep.trim(office.redis, GLOBEX, office.settings)
    fill(office, keys.inbox(GLOBEX), age=60)

    upkeep.serve(ACCOUNT)

    assert office.redis.sismember(keys.ACCOUNTS, GLOBEX)
    assert left(office.redis, keys.inbox(GLOBEX)) == MANY


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_call_that_nobody_can_end_any_more_is_open_no_longer_than_anything_of_it_is_kept(
    office: Office, *, is_kept: bool
) -> None:
    call = ivr_call().ending_at(office.now)
    office.hear(*call.bodies[:6])
    office.track()
    office.let_pass(office.settings.retention_seconds + 60)
    if not is_kept:
        office.redis.delete(keys.session(ACCOUNT, call.telephony_session_id))  # its clock is not set ahead

    upkeep.trim(office.redis, ACCOUNT, office.settings)

    assert office.redis.zcard(keys.open_sessions(ACCOUNT)) == is_kept


def test_one_that_only_the_call_log_told_of_is_open_for_as_long_as_its_record_is_kept(office: Office) -> None:
    long_ago = office.now - office.settings.retention_seconds - 60
    office.redis.zadd(keys.open_sessions(ACCOUNT), {"s-1": long_ago, "s-2": long_ago})
    office.redis.set(keys.records(ACCOUNT, "s-1"), b"a record that is not final")

    upkeep.trim(office.redis, ACCOUNT, office.settings)

    assert office.redis.zrange(keys.open_sessions(ACCOUNT), 0, -1) == [b"s-1"]


def test_nor_is_one_of_an_account_that_was_taken_out_of_the_settings(office: Office) -> None:
    upkeep.trim(office.redis, GLOBEX, office.settings)  # while it was in them
    office.redis.zadd(keys.open_sessions(GLOBEX), {"s-1": office.now})
    upkeep.serve(ACCOUNT)
    assert office.redis.exists(keys.open_sessions(GLOBEX))

    office.let_pass(office.settings.retention_seconds + 60)
    upkeep.serve(ACCOUNT)

    assert not office.redis.exists(keys.open_sessions(GLOBEX))


def test_upkeep_of_an_account_of_which_nothing_is_known_does_nothing(office: Office) -> None:
    upkeep.serve(ACCOUNT)

    assert [office.redis.exists(stream) for stream in (INBOX, QUARANTINE, keys.OUTCOMES)] == [0, 0, 0]


def test_that_the_call_log_was_not_answered_while_all_stood_still_is_no_alert_but_if_it_is_not_later(
    office: Office,
) -> None:
    office.resolve()
    office.dependencies.made_at -= 86_400
    upkeep.serve(ACCOUNT)
    office.let_pass(8 * 3600)  # as while the machine slept
    upkeep.serve(ACCOUNT)
    assert operator_log.alerts(office.redis) == ()

    for _ in range(16):
        office.let_pass(60)
        upkeep.serve(ACCOUNT)

    assert [one.what for one in operator_log.alerts(office.redis)] == [What.CALL_LOG_UNANSWERED]


def test_after_the_clock_was_put_back_alarms_are_raised_as_soon_as_after_any_rest(office: Office) -> None:
    office.let_pass(86_400)
    upkeep.serve(ACCOUNT)
    office.let_pass(-86_400)

    upkeep.serve(ACCOUNT)

    assert presence.since(office.redis, 0.0, now=office.now) == pytest.approx(office.now, abs=5)


def test_that_the_call_log_is_not_answered_is_over_where_nobody_has_credentials_to_ask_it(office: Office) -> None:
    account = office.settings.accounts[0]
    for credentials in (account.credentials, None):
        asks = msgspec.structs.replace(account, credentials=credentials)
        alarms.of_call_log(office.redis, office.settings, asks, there_for=86_400)
        is_on = [one.what for one in operator_log.alerts(office.redis)] == [What.CALL_LOG_UNANSWERED]
        assert is_on is (credentials is not None)


def test_it_is_not_over_for_a_process_without_credentials_while_others_ask_in_vain(office: Office) -> None:
    account = office.settings.accounts[0]
    office.resolve()
    office.let_pass(3600)
    office.platform.fault("answer_status", group="heavy", status=503, count=10)
    office.resolve()

    for credentials in (account.credentials, None):
        asks = msgspec.structs.replace(account, credentials=credentials)
        alarms.of_call_log(office.redis, office.settings, asks, there_for=86_400)
        assert [one.what for one in operator_log.alerts(office.redis)] == [What.CALL_LOG_UNANSWERED]


def test_who_asks_it_without_credentials_asks_nobody(office: Office) -> None:
    account = msgspec.structs.replace(office.settings.accounts[0], credentials=None)
    office.settings = msgspec.structs.replace(office.settings, accounts=(account,))
    office.dependencies.settings = office.settings
    office.resolve()

    alarms.of_call_log(office.redis, office.settings, account, there_for=86_400)

    assert operator_log.alerts(office.redis) == ()


def test_an_alert_about_an_account_goes_with_it(office: Office) -> None:
    for account in ("globex", ACCOUNT):
        operator_log.raise_alert(office.redis, What.SUBSCRIPTION_INCOMPLETE, account, "No.", account=account)

    upkeep.serve(ACCOUNT)

    assert [one.about for one in operator_log.alerts(office.redis)] == [ACCOUNT]


@pytest.mark.parametrize(
    "what",
    [
        What.SUBSCRIPTION_MISSING,
        What.SUBSCRIPTION_BLACKLISTED,
        What.SUBSCRIPTION_INCOMPLETE,
        What.ACCOUNT_PARKED,
    ],
)
def test_what_ringcentral_said_of_an_account_is_over_once_it_has_no_credentials_to_ask_with(
    office: Office, what: What
) -> None:
    settings = msgspec.structs.replace(office.settings, public_url="https://legwork.example")
    operator_log.raise_alert(office.redis, what, ACCOUNT, "No.", account=ACCOUNT)
    office.redis.hset(keys.breaker(ACCOUNT), mapping={"parkings": 1, "at": office.now - 2 * LONGEST_PARKING})

    alarms.of_account(office.redis, settings, msgspec.structs.replace(settings.accounts[0], credentials=None))

    assert operator_log.alerts(office.redis) == ()


@pytest.mark.parametrize("guarded", [Guarded(checked_at=NOW), Guarded(checked_at=NOW - 3600, next_at=NOW + 3600)])
def test_it_is_not_over_for_a_process_without_credentials_while_others_look(office: Office, guarded: Guarded) -> None:
    account = msgspec.structs.replace(office.settings.accounts[0], credentials=None)
    settings = msgspec.structs.replace(office.settings, public_url="https://legwork.example")
    told = {What.SUBSCRIPTION_MISSING, What.CALL_LOG_UNANSWERED}
    office.let_pass(NOW - office.now)
    guarding.keep(office.redis, ACCOUNT, guarded)
    for what in told:
        operator_log.raise_alert(office.redis, what, ACCOUNT, "No.", account=ACCOUNT)

    for seconds, on in ((0, told), (2 * guarding.LONGEST_PATIENCE, set())):
        office.let_pass(seconds)
        alarms.of_account(office.redis, settings, account)
        alarms.of_call_log(office.redis, settings, account, there_for=86_400)
        assert {one.what for one in operator_log.alerts(office.redis)} == on


@pytest.mark.parametrize("what", [What.SUBSCRIPTION_MISSING, What.ACCOUNT_PARKED])
def test_who_looked_or_asked_before_the_clock_was_put_back_does_so_no_more_for_that(office: Office, what: What) -> None:
    account = msgspec.structs.replace(office.settings.accounts[0], credentials=None)
    operator_log.raise_alert(office.redis, what, ACCOUNT, "No.", account=ACCOUNT)
    guarding.keep(office.redis, ACCOUNT, Guarded(checked_at=office.now + 86_400))
    office.redis.hset(keys.breaker(ACCOUNT), mapping={"parkings": 1, "at": office.now + 86_400})

    alarms.of_account(office.redis, office.settings, account)

    assert operator_log.alerts(office.redis) == ()


def test_who_has_no_credentials_tells_that_those_of_others_are_not_accepted(office: Office) -> None:
    office.redis.hset(keys.breaker(ACCOUNT), mapping={"parkings": 1, "at": office.now - LONGEST_PARKING})
    account = msgspec.structs.replace(office.settings.accounts[0], credentials=None)

    alarms.of_account(office.redis, office.settings, account)

    assert [one.what for one in operator_log.alerts(office.redis)] == [What.ACCOUNT_PARKED]


@pytest.fixture
def configuration(redis: Redis) -> Iterator[None]:
    """Leave the server as it was."""
    names = ("maxmemory-policy", "maxmemory", "appendonly")
    before = {name: redis.config_get(name)[name] for name in names}
    yield
    for name, value in before.items():
        redis.config_set(name, str(value))


def unsafe(office: Office) -> list[tuple[What, str]]:
    """Do what upkeep does once a minute; give the alerts that are on then."""
    office.let_pass(upkeep.UPKEEP_SECONDS)
    upkeep.serve(ACCOUNT)
    return [(one.what, one.about) for one in operator_log.alerts(office.redis)]


@pytest.mark.usefixtures("configuration")
@pytest.mark.parametrize(
    ("name", "bad", "good", "check", "says"),
    [
        ("maxmemory-policy", "allkeys-lru", "noeviction", "eviction", "maxmemory-policy is allkeys-lru"),
        ("appendonly", "no", "yes", "persistence", "appendonly is off"),
    ],
)
def test_a_redis_that_may_forget_or_lose_is_an_alert_until_it_may_not(
    office: Office, name: str, bad: str, good: str, check: str, says: str
) -> None:
    office.redis.config_set(name, bad)
    assert unsafe(office) == [(What.REDIS_UNSAFE, check)]
    message = operator_log.alerts(office.redis)[0].message
    assert message.startswith(f"Redis fails this check of /readyz: {says}")

    office.redis.config_set(name, good)
    assert unsafe(office) == []


@pytest.mark.usefixtures("configuration")
def test_a_redis_that_is_too_full_is_an_alert_until_it_has_room_again(office: Office) -> None:
    office.redis.setrange("legwork:ballast", 20_000_000, b"x")  # beside which nothing else matters
    found = []

    for share in (0.72, 0.8, 0.72, 0.6):
        used = int(office.redis.info("memory")["used_memory"])
        office.redis.config_set("maxmemory", int(used / share))
        found.append(unsafe(office))

    full = [(What.REDIS_UNSAFE, "memory")]
    assert found == [[], full, full, []]


def test_a_redis_that_tells_nothing_of_itself_is_no_alert(office: Office, redis_url: str) -> None:
    office.redis.acl_setuser("blind", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-info"])
    try:
        with Redis.from_url(redis_url, username="blind", password="") as blind:
            alarms.of_redis(blind)
    finally:
        office.redis.acl_deluser("blind")

    assert operator_log.alerts(office.redis) == ()
