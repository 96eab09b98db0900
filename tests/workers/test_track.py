"""Track, on a real server: from the inbox to sessions, live news and the end of each call, every fact once."""

import random
from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec
import pytest
from redis import Redis
from redis.client import PubSub
from rq import Queue
from rq.serializers import JSONSerializer

from runtime import bells, keys, ledger
from runtime.bells import RUNG_SECONDS, Stage
from runtime.inbox import Inbox
from runtime.leases import RENEW_SECONDS, Lease, LeaseLost, lease
from runtime.settings import Scope
from telephony import events as call_events
from telephony.events import CallEvent
from telephony.sessions import Session
from telephony.words import Outcome
from tests import board
from tests.builders.calls import Call, ivr_call, queue_call, ringout_call
from tests.builders.notifications import DISCONNECTED, PROCEEDING, SESSION_ID, a_document, a_party_document, posted
from tests.outputs import entries, events, listening
from tests.workers.conftest import MakeOffice
from tests.workers.office import ACCOUNT, Office
from workers import track
from workers.track import BATCH, tracking
from workers.tracking import changing, folding
from workers.tracking.changing import MOST_WATCHED

QUIET = 3.0  # the office's
CALL = ivr_call()
SESSION = CALL.telephony_session_id

REMINDER = posted({"event": "/restapi/v1.0/subscription/~?threshold=86400&interval=3600", "body": {"expiresIn": 86300}})


def as_they_came(bodies: Sequence[bytes]) -> list[bytes]:
    return list(bodies)


def backwards(bodies: Sequence[bytes]) -> list[bytes]:
    return list(reversed(bodies))


def doubled(bodies: Sequence[bytes]) -> list[bytes]:
    return [body for body in bodies for _ in range(2)]


def shuffled_and_doubled(bodies: Sequence[bytes]) -> list[bytes]:
    return random.Random(4).sample(doubled(bodies), k=2 * len(bodies))  # noqa: S311 - the same shuffle each time


ORDERS = [as_they_came, backwards, doubled, shuffled_and_doubled]


def state(office: Office) -> dict[bytes, object]:
    """Take down all that is stored of the account, but for what a runner's presence leaves."""
    passing = {keys.lease(ACCOUNT, Stage.TRACK), keys.rung(ACCOUNT, Stage.TRACK), keys.BELLS}
    names = sorted(name for name in office.redis.scan_iter() if name.decode() not in passing)
    return {name: office.redis.dump(name) for name in names}


@pytest.mark.parametrize("call", [ivr_call(), queue_call(), ringout_call()], ids=["ivr", "queue", "ringout"])
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.__name__)
def test_a_call_ends_once_whatever_the_order_of_its_notifications(
    office: Office, call: Call, order: Callable[[Sequence[bytes]], list[bytes]]
) -> None:
    for body in order(call.bodies):
        office.hear(body)
        office.track()
    assert office.published(call) == []

    for _ in range(3):
        office.let_pass(QUIET)
        office.track()

    (event,) = office.published(call)
    assert (event.type, event.data.outcome) == ("legwork.call.ended", Outcome.ANSWERED)


def test_one_step_of_many_notifications_does_what_many_steps_of_one_do(office: Office, redis: Redis) -> None:
    for body in CALL.bodies:
        office.hear(body)
        office.track()
    one_by_one = ledger.tracked(redis, ACCOUNT, [SESSION])[SESSION].session
    redis.flushall()
    office.hear(*CALL.bodies)
    office.track()

    assert ledger.tracked(redis, ACCOUNT, [SESSION])[SESSION].session == one_by_one


def test_a_call_that_a_later_version_wrote_down_is_left_as_it_is_and_its_news_kept(
    office: Office, redis: Redis
) -> None:
    office.hear(*CALL.bodies[:-1])
    office.track()
    ours, later = keys.session(ACCOUNT, SESSION), b"\x7f who knows"
    redis.copy(ours, "ours")
    redis.set(ours, later)
    redis.zadd(keys.quiet(ACCOUNT), {SESSION: office.now})
    other = queue_call()
    office.hear(CALL.bodies[-1], *other.bodies)
    office.track()
    office.let_pass(QUIET)
    office.track()

    assert len(office.published(other)) == 1
    assert (redis.get(ours), office.published(CALL)) == (later, [])
    assert (redis.zscore(keys.quiet(ACCOUNT), SESSION) or 0) > office.now + track.PUT_ASIDE_SECONDS / 2
    ((_, kept),) = entries(redis, keys.quarantine(ACCOUNT))
    assert kept[b"body"] == CALL.bodies[-1]

    redis.rename("ours", ours)
    office.hear(kept[b"body"])
    for _ in range(2):
        office.track()
        office.let_pass(QUIET)

    assert len(office.published(CALL)) == 1


def test_a_call_has_not_ended_before_the_quiet_pause_is_over(office: Office) -> None:
    office.hear(*CALL.bodies)
    office.track()
    office.let_pass(QUIET - 0.5)
    office.track()
    assert office.published(CALL) == []

    office.let_pass(0.5)
    office.track()

    assert len(office.published(CALL)) == 1


def test_a_call_goes_on_after_its_menu_has_disconnected(office: Office) -> None:
    menu_left = 4  # notifications: with the fourth the menu has disconnected, and only the caller is left
    office.hear(*CALL.bodies[:menu_left])
    office.track()
    office.let_pass(5 * QUIET)
    office.track()
    assert office.published(CALL) == []

    office.hear(*CALL.bodies[menu_left:])
    office.track()
    office.let_pass(QUIET)
    office.track()

    assert len(office.published(CALL)) == 1


def test_while_a_notification_is_missing_the_pause_is_longer(office: Office) -> None:
    office.hear(*CALL.bodies[1:])
    office.track()
    office.let_pass(3 * QUIET)
    office.track()
    assert office.published(CALL) == []

    office.let_pass(QUIET)
    office.track()

    assert len(office.published(CALL)) == 1


def test_where_one_extension_alone_is_heard_others_notifications_are_not_waited_for(an_office: MakeOffice) -> None:
    office = an_office(scope=Scope.EXTENSION)
    office.hear(*CALL.bodies[1:])
    office.track()

    office.let_pass(QUIET)
    office.track()

    assert len(office.published(CALL)) == 1


def test_news_of_the_call_begin_the_pause_anew_and_a_duplicate_does_not(office: Office) -> None:
    *others, last = CALL.bodies
    office.hear(*others[1:], last)
    office.track()
    office.let_pass(QUIET - 1)
    office.hear(others[0])
    office.track()
    office.let_pass(QUIET - 1)
    office.hear(*CALL.bodies)
    office.track()
    assert office.published(CALL) == []

    office.let_pass(1)
    office.track()

    assert len(office.published(CALL)) == 1


def test_a_call_ends_in_time_though_redis_s_clock_was_put_back_by_an_hour(office: Office, redis: Redis) -> None:
    redis.xadd(keys.inbox(ACCOUNT), {"body": REMINDER}, id=f"{int((office.now + 3600) * 1000)}-0")
    Inbox(redis, ACCOUNT).append(*CALL.bodies)
    office.track()
    office.let_pass(QUIET)

    office.track()

    assert [event.id for event in office.published(CALL)] == [f"{SESSION}/0"]


def test_no_call_ends_too_early_though_redis_s_clock_was_put_back_and_more_waits_than_a_step_takes(
    office: Office, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track, "BATCH", 2)
    office.hear(*CALL.bodies)
    office.track()
    for number in range(3):
        redis.xadd(keys.inbox(ACCOUNT), {"body": REMINDER}, id=f"{int((office.now + 3600) * 1000)}-{number}")

    office.track()

    assert office.published(CALL) == []


def test_notifications_that_wait_in_the_inbox_keep_a_call_from_ending(office: Office) -> None:
    party = a_party_document(2, DISCONNECTED)
    office.hear(posted(a_document(a_party_document(1, DISCONNECTED), party)))
    office.hear(*(posted(a_document(telephonySessionId=f"s-{number}")) for number in range(2 * BATCH)))
    office.hear(posted(a_document(a_party_document(3, PROCEEDING), sequence=3)))
    office.let_pass(60)

    office.track()

    assert office.published(SESSION_ID) == []


def test_a_silent_call_that_a_later_version_wrote_down_stays_open_though_it_seems_over(
    office: Office, redis: Redis
) -> None:
    office.hear(CALL.bodies[0])
    office.track()
    redis.set(keys.session(ACCOUNT, SESSION), b"\x7f who knows")
    redis.zadd(keys.over(ACCOUNT), {SESSION: office.now})

    office.track()

    assert redis.zrange(keys.open_sessions(ACCOUNT), 0, -1) == [SESSION.encode()]
    assert redis.zcard(keys.over(ACCOUNT)) == 0


def test_so_does_what_a_step_leaves_though_it_was_read_with_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "MOST_ARRIVALS", 2)
    office.hear(posted(a_document(a_party_document(1, DISCONNECTED), a_party_document(2, DISCONNECTED))))
    office.hear(*(posted(a_document(telephonySessionId=f"s-{number}")) for number in range(3)))
    office.hear(posted(a_document(a_party_document(3, PROCEEDING), sequence=3)))
    office.let_pass(60)

    office.track()

    assert office.published(SESSION_ID) == []


def test_a_party_that_comes_late_opens_the_call_again_and_its_end_is_not_told_twice(office: Office) -> None:
    office.hear(posted(a_document(a_party_document(1, DISCONNECTED))))
    office.track()
    office.let_pass(QUIET)
    office.track()
    (first,) = office.published(SESSION_ID)

    office.hear(posted(a_document(a_party_document(2, PROCEEDING), sequence=3)))
    office.track()
    reopened = ledger.tracked(office.redis, ACCOUNT, [SESSION_ID])[SESSION_ID]
    office.hear(posted(a_document(a_party_document(2, DISCONNECTED), sequence=4)))
    office.track()
    office.let_pass(QUIET)
    office.track()

    assert (reopened.ended_at, reopened.session.parties[1].is_over) == (None, False)
    assert office.published(SESSION_ID) == [first]
    assert ledger.tracked(office.redis, ACCOUNT, [SESSION_ID])[SESSION_ID].ended_at is not None


@pytest.mark.parametrize("together", [False, True], ids=["ended by itself", "ended in the step that heard of it last"])
def test_what_comes_late_of_a_call_that_its_runner_has_seen_end_ends_it_no_second_time(
    office: Office, *, together: bool
) -> None:
    with tracking(ACCOUNT, office.dependencies) as tracker:
        office.hear(posted(a_document(a_party_document(1, DISCONNECTED))))
        tracker.step()
        if together:
            office.hear(posted(a_document(a_party_document(2, DISCONNECTED), sequence=3)))
        office.let_pass(2 * QUIET)
        tracker.step()
        office.hear(posted(a_document(a_party_document(3, DISCONNECTED), sequence=4)))
        tracker.step()

    assert ledger.tracked(office.redis, ACCOUNT, [SESSION_ID])[SESSION_ID].ended_at is not None
    assert office.redis.exists(keys.quiet(ACCOUNT), keys.open_sessions(ACCOUNT)) == 0


def test_the_conversation_of_a_call_that_turns_out_to_have_begun_earlier_is_judged_anew(office: Office) -> None:
    office.hear(*CALL.bodies[1:])
    office.track()
    office.let_pass(5 * QUIET)
    office.track()
    assert not office.redis.exists(keys.relinked(ACCOUNT))

    office.hear(CALL.bodies[0])
    office.track()

    assert office.redis.zrange(keys.relinked(ACCOUNT), 0, -1) == [SESSION.encode()]


def test_a_step_keeps_its_lease_with_each_call_that_ends(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Lease] = []

    def keep(held: Lease) -> None:
        kept.append(held)

    monkeypatch.setattr(Lease, "keep", keep)
    office.hear(*CALL.bodies, *queue_call().bodies)
    office.track()
    office.let_pass(QUIET)
    kept.clear()

    with tracking(ACCOUNT, office.dependencies) as tracker:
        tracker.step()

    assert len(kept) > 2


def test_a_call_that_ends_after_redis_s_clock_was_put_back_is_looked_for_by_the_clock_of_now(office: Office) -> None:
    office.let_pass(3600)
    office.hear(*CALL.bodies)
    office.track()
    office.let_pass(-3600)
    office.redis.zadd(keys.quiet(ACCOUNT), {SESSION: office.now})

    office.track()

    assert [event.id for event in office.published(CALL)] == [f"{SESSION}/0"]
    due = office.redis.zscore(keys.due(ACCOUNT), SESSION)
    assert due == pytest.approx(office.now + office.settings.settle_seconds, abs=5)


def test_a_call_that_ended_by_itself_when_it_seemed_over_is_not_ended_again(office: Office) -> None:
    office.ended(CALL)
    before = ledger.tracked(office.redis, ACCOUNT, [SESSION])[SESSION]
    office.redis.zrem(keys.due(ACCOUNT), SESSION)
    office.redis.zadd(keys.over(ACCOUNT), {SESSION: office.now})

    office.track()

    assert ledger.tracked(office.redis, ACCOUNT, [SESSION])[SESSION] == before
    assert not office.is_due(CALL)


def test_a_runner_keeps_only_so_many_open_calls_in_mind(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track, "MOST_REMEMBERED", 2)
    with tracking(ACCOUNT, office.dependencies) as tracker:
        for number in range(6):
            office.hear(posted(a_document(telephonySessionId=f"s-{number}")))
            tracker.step()

        assert len(tracker._remembered) <= 3


def test_an_ended_call_is_looked_for_in_the_call_log_once_its_record_may_be_there(office: Office) -> None:
    office.hear(*CALL.bodies)
    office.track()
    heard = office.now
    office.let_pass(QUIET)
    office.track()

    due = office.redis.zscore(keys.due(ACCOUNT), SESSION)
    assert due == pytest.approx(heard + office.settings.settle_seconds, abs=1)
    assert office.next_bell(Stage.RESOLVE) == pytest.approx(office.settings.settle_seconds - QUIET, abs=1)


def test_calls_that_end_together_are_each_looked_for_in_their_own_time(office: Office) -> None:
    other = queue_call()
    office.hear(*CALL.bodies)
    office.track()
    office.let_pass(0.5)
    office.hear(*other.bodies)
    office.track()
    office.let_pass(QUIET + 0.1)

    office.track()

    dues = [office.redis.zscore(keys.due(ACCOUNT), one.telephony_session_id) or 0 for one in (CALL, other)]
    assert 0.4 < dues[1] - dues[0] < 1
    assert office.redis.zscore(keys.BELLS, bells.member(Stage.RESOLVE, ACCOUNT)) == pytest.approx(dues[0], abs=0.01)
    assert office.redis.exists(keys.quiet(ACCOUNT), keys.open_sessions(ACCOUNT)) == 0


def test_open_calls_are_known_until_they_end(office: Office) -> None:
    office.hear(CALL.bodies[0])
    office.track()
    assert office.redis.zrange(keys.open_sessions(ACCOUNT), 0, -1) == [SESSION.encode()]

    office.hear(*CALL.bodies[1:])
    office.track()
    office.let_pass(QUIET)
    office.track()

    assert office.redis.zcard(keys.open_sessions(ACCOUNT)) == 0


def test_a_step_that_is_refused_leaves_neither_effects_nor_cursor(office: Office) -> None:
    office.hear(*CALL.bodies, b"nonsense")
    before = state(office)
    with tracking(ACCOUNT, office.dependencies) as tracker:
        office.redis.delete(keys.lease(ACCOUNT, Stage.TRACK))

        with pytest.raises(LeaseLost):
            tracker.step()

    assert state(office) == before


def test_a_runner_killed_between_two_steps_is_followed_by_one_that_goes_on_where_it_was(office: Office) -> None:
    for body in CALL.bodies:
        office.hear(body)
        with tracking(ACCOUNT, office.dependencies) as stalled:
            stalled.step()
            office.redis.delete(keys.lease(ACCOUNT, Stage.TRACK))  # killed here, and its lease over
            with pytest.raises(LeaseLost):
                stalled.step()
    office.let_pass(QUIET)
    office.track()

    assert len(office.published(CALL)) == 1
    assert ledger.tracked(office.redis, ACCOUNT, [SESSION])[SESSION].session.heard == ((2, 12),)


def test_what_is_no_notification_goes_into_quarantine_with_its_reason_and_harms_no_other(office: Office) -> None:
    first, *others = CALL.bodies
    office.hear(first, b"{", posted([a_document(), {"event": 1}]), *others)
    office.track()

    quarantined = [fields for _, fields in entries(office.redis, keys.quarantine(ACCOUNT))]
    inbox = [entry_id for entry_id, _ in entries(office.redis, keys.inbox(ACCOUNT))]
    assert [fields[b"body"] for fields in quarantined] == [b"{", posted([a_document(), {"event": 1}])]
    assert all(fields[b"reason"] for fields in quarantined)
    assert [fields[b"inboxId"] for fields in quarantined] == inbox[1:3]
    assert set(ledger.tracked(office.redis, ACCOUNT, [SESSION, SESSION_ID])) == {SESSION, SESSION_ID}


def test_a_body_of_many_unreadable_parts_is_kept_once(office: Office) -> None:
    body = posted([a_document(), *[{"event": 1}] * 50])
    office.hear(body)

    office.track()

    assert [fields[b"body"] for _, fields in entries(office.redis, keys.quarantine(ACCOUNT))] == [body]


def test_notifications_of_other_kinds_are_passed_over(office: Office) -> None:
    office.hear(REMINDER)
    office.track()

    assert entries(office.redis, keys.quarantine(ACCOUNT)) == []
    assert office.redis.get(keys.inbox_cursor(ACCOUNT)) == entries(office.redis, keys.inbox(ACCOUNT))[-1][0]


def test_events_of_other_products_are_counted_by_what_they_are_of_and_name_nobody(office: Office) -> None:
    path = "/restapi/v1.0/account/400131426008/extension/60200101/presence?detailedTelephonyState=true"
    office.hear(posted({"uuid": "1", "event": path, "body": {}}), REMINDER)
    office.track()
    office.dependencies.recorder.flush()

    counts = cast("dict[bytes, bytes]", office.redis.hgetall(keys.METRICS))
    told = [name.decode().split("\x1f")[2] for name in counts if name.startswith(b"legwork_other_events")]
    assert told == ["/restapi/v1.0/account/~/extension/~/presence"]


def test_what_happens_in_a_call_is_told_to_those_who_watch_it(office: Office, redis: Redis) -> None:
    mira, menu, tom = (f"legwork:live:{ACCOUNT}:{extension}" for extension in ("60200101", "60200900", "60200102"))
    with listening(redis, "legwork:live", f"legwork:live:{ACCOUNT}", mira, menu, tom) as listener:
        for body in CALL.bodies:
            office.hear(body)
            office.track()
        heard = listener.heard()

    told = {channel: [document for name, document in heard if name == channel] for channel, _ in heard}
    assert {channel: len(documents) for channel, documents in told.items()} == {
        "legwork:live": 11,
        f"legwork:live:{ACCOUNT}": 11,
        menu: 10,
        mira: 7,
    }
    assert [one["data"]["parties"][-1]["code"] for one in told[mira]] == [
        *("Setup", "Proceeding", "Answered", "Hold", "Answered", "Disconnected", "Disconnected"),
    ]


def test_what_happens_in_a_call_is_written_down_for_nobody_while_nobody_watches(office: Office, redis: Redis) -> None:
    redis.config_resetstat()
    office.hear(*CALL.bodies)
    office.track()

    assert "cmdstat_publish" not in redis.info("commandstats")


@pytest.mark.parametrize(("parties", "told"), [(MOST_WATCHED, 1), (MOST_WATCHED + 1, 0)])
def test_of_a_call_of_more_than_a_hundred_nobody_is_told_while_it_is_on(
    office: Office, redis: Redis, parties: int, told: int
) -> None:
    with listening(redis, "legwork:live") as listener:
        office.hear(posted(a_document(*(a_party_document(number + 1) for number in range(parties)))))
        office.track()

        assert len(listener.heard()) == told


def test_a_duplicate_is_news_for_nobody(office: Office, redis: Redis) -> None:
    office.hear(*CALL.bodies)
    office.track()
    with listening(redis, "legwork:live") as listener:
        office.hear(*CALL.bodies)
        office.track()

        assert listener.heard() == []


def test_what_comes_late_of_a_call_that_is_over_is_no_news_of_a_call_that_is_on(office: Office, redis: Redis) -> None:
    early, late = (posted(a_document(a_party_document(1, DISCONNECTED), sequence=number)) for number in (4, 3))
    office.hear(early)
    office.track()
    office.let_pass(60)
    office.track()
    with listening(redis, "legwork:live") as listener:
        office.hear(late)
        office.track()
        told = listener.heard()
        office.hear(posted(a_document(a_party_document(2, PROCEEDING), sequence=5)))
        office.track()

        assert (told, len(listener.heard())) == ([], 1)


def test_the_dashboard_to_copy_shows_no_call_that_ended_once_more_after_somebody_came_back(
    office: Office, redis: Redis
) -> None:
    channel: PubSub = redis.pubsub()  # type: ignore[no-untyped-call]
    channel.subscribe("legwork:live")
    parties = [(1, PROCEEDING), (1, DISCONNECTED), (2, PROCEEDING), (2, DISCONNECTED)]
    for sequence, party in enumerate(parties, start=2):
        office.hear(posted(a_document(a_party_document(*party), sequence=sequence)))
        office.track()
        office.let_pass(60)
        office.track()

    shown = board.shown(iter(lambda: channel.get_message(timeout=0.05), None))
    channel.close()

    assert [[DISCONNECTED, PROCEEDING]] in shown
    assert shown[-1] == []


def test_every_notification_is_counted_by_what_it_was(office: Office) -> None:
    office.hear(*CALL.bodies, CALL.bodies[0], b"{", REMINDER)
    office.track()
    office.dependencies.recorder.flush()

    counts = cast("dict[bytes, bytes]", office.redis.hgetall(keys.METRICS))
    kinds = {name.decode().split("\x1f")[2]: int(count) for name, count in counts.items()}
    assert kinds == {"folded": 11, "duplicate": 1, "malformed": 1, "reminder": 1}


def test_a_runner_at_work_keeps_the_clock_away_and_one_at_rest_sets_it_to_the_next_end(office: Office) -> None:
    office.hear(*CALL.bodies)
    with tracking(ACCOUNT, office.dependencies) as tracker:
        tracker.step()
        assert office.next_bell(Stage.TRACK) == pytest.approx(RUNG_SECONDS, abs=1)
        assert office.redis.exists(keys.rung(ACCOUNT, Stage.TRACK))

        assert tracker.rest()

    assert office.next_bell(Stage.TRACK) == pytest.approx(QUIET, abs=1)
    assert not office.redis.exists(keys.rung(ACCOUNT, Stage.TRACK))


def jobs(office: Office) -> list[str]:
    """Give the accounts that track is rung for, in order."""
    queue = Queue(bells.queue_name(Stage.TRACK), connection=office.redis, serializer=JSONSerializer)
    return [job.args[0] for job in queue.jobs]


def read_so_far(office: Office) -> int:
    """Say how many inbox entries the cursor has passed."""
    cursor = cast("bytes", office.redis.get(keys.inbox_cursor(ACCOUNT)))
    return [entry_id for entry_id, _ in entries(office.redis, keys.inbox(ACCOUNT))].index(cursor) + 1


def test_a_worker_that_stops_leaves_a_backlog_to_the_next_and_rings_for_it(office: Office) -> None:
    office.hear(*(CALL.bodies[0] for _ in range(2 * BATCH)))
    office.dependencies.stopping.set()

    track.serve(ACCOUNT)

    assert read_so_far(office) == BATCH
    assert jobs(office) == [ACCOUNT]
    with lease(office.redis, ACCOUNT, Stage.TRACK) as free:
        free.commit(())


def test_bodies_that_hold_very_much_are_taken_a_few_at_a_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "MOST_ARRIVALS", 5)
    office.hear(*(posted([a_document(telephonySessionId=f"s-{n}{m}") for m in range(3)]) for n in range(4)))
    bells.ring(office.redis, Stage.TRACK, "globex")

    track.serve(ACCOUNT)

    assert read_so_far(office) == 2
    assert jobs(office) == ["globex", ACCOUNT]


def test_a_step_takes_only_so_many_bytes_and_no_body_is_passed_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = CALL.bodies
    office.hear(first, *[b"x" * 1000] * 20, *others)
    monkeypatch.setattr(folding, "MOST_BYTES", 5000)

    with tracking(ACCOUNT, office.dependencies) as tracker:
        read: list[int] = []
        while (tally := tracker.step()).read:
            read.append(tally.read)

    assert len(read) >= 5
    assert read_so_far(office) == len(CALL.bodies) + 20
    office.let_pass(QUIET)
    office.track()
    assert [event.data.revision for event in office.published(CALL)] == [0]


def test_a_call_that_goes_on_in_what_a_step_has_not_taken_yet_is_not_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "MOST_BYTES", 1)
    left, back = (
        posted(a_document(a_party_document(*party), sequence=sequence, telephonySessionId="s-1"))
        for sequence, party in ((2, (1, DISCONNECTED)), (3, (2, PROCEEDING)))
    )
    office.hear(left, b"{", back)
    office.let_pass(60)

    office.track()

    assert read_so_far(office) == 3
    assert office.published("s-1") == []


def test_a_step_that_takes_long_renews_its_lease_in_the_middle(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.hear(*CALL.bodies)
    left: list[int] = []
    with tracking(ACCOUNT, office.dependencies) as tracker:
        held = tracker._lease

        def take_long(*words: Any, **named: Any) -> Any:
            held._renewed_at -= RENEW_SECONDS
            office.redis.pexpire(held.key, 1000)
            return folding.fold(*words, **named)

        def look(*words: Any, **named: Any) -> Any:
            left.append(int(office.redis.pttl(held.key)))
            return changing.changes(*words, **named)

        monkeypatch.setattr(track, "fold", take_long)
        monkeypatch.setattr(track, "changes", look)
        tracker.step()

    assert left[0] > 1000


def test_a_call_whose_end_cannot_be_told_keeps_no_other_waiting(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = call_events.ended

    def stumbles_over_one(session: Session, **rest: Any) -> CallEvent:
        if session.id == SESSION:
            raise OverflowError("date value out of range")
        return tell(session, **rest)

    monkeypatch.setattr(call_events, "ended", stumbles_over_one)
    other = queue_call().ending_at(office.now)
    office.ended(CALL)
    office.ended(other)

    assert [event.data.revision for event in office.published(other)] == [0]
    assert office.published(SESSION) == []
    assert office.is_due(SESSION)


def test_a_busy_account_lets_another_go_first_that_waits_for_its_turn(office: Office) -> None:
    office.hear(*(CALL.bodies[0] for _ in range(2 * BATCH)))
    bells.ring(office.redis, Stage.TRACK, "globex")

    track.serve(ACCOUNT)

    assert read_so_far(office) == BATCH
    assert jobs(office) == ["globex", ACCOUNT]


def test_a_runner_that_leaves_nothing_behind_sets_the_clock_and_rings_nobody(office: Office) -> None:
    office.hear(*CALL.bodies)
    office.dependencies.stopping.set()

    track.serve(ACCOUNT)

    assert jobs(office) == []
    assert office.next_bell(Stage.TRACK) == pytest.approx(QUIET, abs=1)
    assert not office.redis.exists(keys.rung(ACCOUNT, Stage.TRACK))


def test_a_second_bell_for_an_account_that_is_being_served_does_nothing(office: Office) -> None:
    office.hear(*CALL.bodies)
    with lease(office.redis, ACCOUNT, Stage.TRACK):
        track.serve(ACCOUNT)

    assert office.redis.get(keys.inbox_cursor(ACCOUNT)) is None


def test_sessions_live_for_the_retention_after_their_last_news(office: Office) -> None:
    office.hear(*CALL.bodies)
    office.track()

    left = int(office.redis.ttl(keys.session(ACCOUNT, SESSION)))
    assert office.settings.retention_seconds - 60 < left <= office.settings.retention_seconds


def test_calls_of_the_real_platform_s_shape_end_as_they_did(office: Office) -> None:
    calls = [ivr_call(), queue_call(), ringout_call()]
    mixed = [body for bodies in zip(*(backwards(call.bodies)[:6] for call in calls), strict=True) for body in bodies]
    office.hear(*mixed, *(body for call in calls for body in call.bodies))
    office.track()
    office.let_pass(QUIET)
    office.track()

    assert sorted(event.subject for event in events(office.redis)) == sorted(
        call.telephony_session_id for call in calls
    )
    assert msgspec.structs.asdict(events(office.redis)[0])["specversion"] == "1.0"
