"""The guardian, with RingCentral in a box and a clock that is set ahead: it delivers, or it is put right."""

from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest

from runtime import comparisons, guarding, keys, operator_log, streams
from runtime.bells import Stage
from runtime.clocks import stopwatch, wall_clock
from runtime.comparisons import Why
from runtime.guarding import Guarded
from runtime.metrics import NOTIFICATIONS
from runtime.settings import DEFAULT_ACCOUNT, Account, Credentials
from scripts.simulator import CLIENT_ID, CLIENT_SECRET, USER_JWT
from telephony.operator_events import Told, What
from telephony.subscriptions import LIFETIME, REMINDER, Health, filters
from tests.builders.calls import ivr_call
from tests.builders.notifications import posted
from tests.runtime.test_operator_log import states
from tests.simulator.webhook import Answer, Webhook
from tests.workers.conftest import MakeOffice
from tests.workers.office import ACCOUNT, Office
from tests.workers.test_resolve import MINUTE, look, the_record
from web import answers
from web.answers import Answer as Answered
from workers import upkeep
from workers.housekeeping import alarms, guardian, presence, watches
from workers.ringcentral.breaker import FIRST_PAUSE
from workers.ringcentral.errors import NotFound, Unavailable
from workers.ringcentral.subscriptions import Subscriptions
from workers.stopping import Stopping

HOUR, DAY = 3600.0, 86400.0
OLD, NEW = "an-older-token", "the-newer-token"

Guarding = Callable[..., Office]


@pytest.fixture
def guarding_office(an_office: MakeOffice, webhook: Webhook) -> Guarding:
    """Make an installation whose `web` is the webhook."""

    def make(*tokens: str, **settings: object) -> Office:
        office = an_office(public_url=webhook.url.removesuffix("/webhooks/ringcentral"), **settings)
        office.dependencies.made_at -= 10 * MINUTE  # it has been there for a while
        return rotated(office, *(tokens or (NEW,)))

    return make


def rotated(office: Office, *tokens: str) -> Office:
    account = msgspec.structs.replace(office.settings.accounts[0], name=ACCOUNT, verification_tokens=tokens)
    office.settings = msgspec.structs.replace(office.settings, accounts=(account,))
    office.dependencies.settings = office.settings
    return office


def with_jwt(office: Office, jwt: str) -> None:
    """Start the workers anew with another JWT."""
    account = account_of(office)
    account = msgspec.structs.replace(account, credentials=Credentials(CLIENT_ID, CLIENT_SECRET, jwt))
    office.settings = msgspec.structs.replace(office.settings, accounts=(account,))
    office.dependencies.settings = office.settings
    office.dependencies._clients.clear()


def account_of(office: Office) -> Account:
    return office.settings.accounts[0]


def guard(office: Office, times: int = 1) -> Guarded:
    """Have the guardian look, a minute after the last time."""
    for _ in range(times):
        office.let_pass(MINUTE)
        office.be_patient()
        office.guard()
    return guarding.load(office.redis, ACCOUNT)


def subscriptions(office: Office) -> list[dict[str, object]]:
    found: list[dict[str, object]] = office.platform.status()["subscriptions"]
    return found


def alerts(office: Office) -> list[What]:
    return [one.what for one in operator_log.alerts(office.redis)]


def gaps(office: Office) -> list[comparisons.Comparison]:
    return [one for one in comparisons.all(office.redis, ACCOUNT) if one.why is Why.GAP]


def test_a_subscription_is_made_with_the_filters_of_calls_and_of_the_reminder(guarding_office: Guarding) -> None:
    office = guarding_office()

    after = guard(office, 2)

    (one,) = subscriptions(office)
    assert (after.id, after.health) == (one["id"], Health.ACTIVE)
    assert str(one["eventFilters"][0]).endswith("/telephony/sessions")  # type: ignore[index]
    assert one["eventFilters"][1] == REMINDER  # type: ignore[index]
    assert gaps(office) == []


def test_the_first_one_is_left_to_whoever_may_be_making_it_for_ten_seconds(guarding_office: Guarding) -> None:
    office = guarding_office()

    office.guard()
    assert subscriptions(office) == []
    assert office.next_bell(Stage.UPKEEP) == pytest.approx(10, abs=1)

    office.let_pass(10)
    assert office.guard().health is Health.ACTIVE


def test_one_that_is_gone_is_made_ten_seconds_after_all_was_started_together_for_web_may_not_answer_yet(
    guarding_office: Guarding, webhook: Webhook
) -> None:
    office = guarding_office()
    guard(office, 2)
    office.platform.fault("delete_subscriptions")
    office.redis.delete(keys.BELLS)
    office.dependencies.made_at = stopwatch()
    webhook.answer = Answer(status=500)

    assert office.guard().problem is None
    assert office.next_bell(Stage.UPKEEP) == pytest.approx(10, abs=1)

    webhook.answer = Answer()
    office.let_pass(10)
    office.dependencies.made_at -= 10
    assert office.guard().health is Health.ACTIVE


def test_what_is_well_is_left_alone(guarding_office: Guarding) -> None:
    office = guarding_office()
    first = guard(office, 2)

    assert guard(office, 3).id == first.id
    assert len(subscriptions(office)) == 1


def test_one_that_somebody_made_for_our_address_is_taken_over_and_given_the_reminder(
    guarding_office: Guarding, webhook: Webhook
) -> None:
    office = guarding_office()
    made = office.platform.subscribe(f"{webhook.url}/{ACCOUNT}", NEW)
    office.platform._box.subscriptions._all[made].expires_at = office.now + 3600

    after = guard(office)

    assert after.id == made
    assert REMINDER in subscriptions(office)[0]["eventFilters"]  # type: ignore[operator]
    assert (after.expires_at or 0) > office.now + LIFETIME - 2 * MINUTE


@pytest.mark.parametrize("reminds", [True, False])
def test_one_that_is_listed_though_it_has_ended_is_replaced_and_the_gap_is_compared(
    guarding_office: Guarding, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, *, reminds: bool
) -> None:
    office = guarding_office()
    before = guard(office, 2)
    made = office.platform._box.subscriptions._all[before.id or ""]
    made.filters = made.filters if reminds else tuple(one for one in made.filters if one != REMINDER)

    def ended(*_: object, **__: object) -> None:
        raise NotFound("no such subscription", status=404, codes=("SUB-507",))

    monkeypatch.setattr(Subscriptions, "renew", ended)
    monkeypatch.setattr(Subscriptions, "update", ended)
    made.expires_at = office.now + HOUR
    webhook.answer = Answer(status=500)
    guard(office, 3)
    assert (alerts(office), states(office.redis)) == ([What.SUBSCRIPTION_MISSING], [Told.RAISED])

    webhook.answer = Answer()
    after = guard(office, 2)

    assert alerts(office) == []

    assert (after.health, after.problem, after.id != before.id) == (Health.ACTIVE, None, True)
    assert [one["id"] for one in subscriptions(office)] == [after.id]
    assert len(gaps(office)) == 1


def test_one_that_is_listed_though_it_has_ended_is_told_of_where_none_is_made(
    guarding_office: Guarding, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = guarding_office()
    before = guard(office, 2)
    office.settings = office.dependencies.settings = msgspec.structs.replace(office.settings, public_url=None)

    def ended(*_: object, **__: object) -> None:
        raise NotFound("no such subscription", status=404, codes=("SUB-507",))

    monkeypatch.setattr(Subscriptions, "renew", ended)
    office.platform._box.subscriptions._all[before.id or ""].expires_at = office.now + HOUR

    after = guard(office)

    assert (after.id, after.problem) == (before.id, "NotFound SUB-507")
    assert len(subscriptions(office)) == 1


def test_it_is_renewed_when_half_of_its_time_is_over_and_when_ringcentral_reminds_us(guarding_office: Guarding) -> None:
    office = guarding_office()
    first = guard(office, 2)
    office.let_pass(DAY)
    assert guard(office).expires_at == first.expires_at
    office.hear(posted({"event": REMINDER, "body": {}}))
    office.track()

    after = guard(office)
    office.let_pass(LIFETIME / 2 + MINUTE)
    later = guard(office)

    assert first.id == after.id == later.id
    assert (first.expires_at or 0) < (after.expires_at or 0) < (later.expires_at or 0)
    assert not office.redis.exists(keys.reminded(ACCOUNT))


def test_a_guardian_that_stood_still_tells_nobody_of_what_another_has_put_right(
    guarding_office: Guarding, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = guarding_office()
    guard(office, 3)
    office.platform.fault("blacklist_subscriptions")
    every = Subscriptions.all

    def stand_still(asked: Subscriptions) -> Any:
        found = every(asked)
        monkeypatch.setattr(Subscriptions, "all", every)
        office.redis.delete(keys.lease(ACCOUNT, guardian.STAGE))  # its time is over
        guard(office)
        return found

    monkeypatch.setattr(Subscriptions, "all", stand_still)
    guardian.run(ACCOUNT)

    assert states(office.redis) == [Told.RAISED, Told.CLEARED]
    assert (len(subscriptions(office)), guarding.load(office.redis, ACCOUNT).gap_from) == (1, None)


def test_a_blacklisted_one_is_replaced_and_exactly_the_gap_is_compared(guarding_office: Guarding) -> None:
    office = guarding_office()
    look(office)
    first = guard(office, 3)
    began = office.now
    office.platform.fault("blacklist_subscriptions")
    lost = ivr_call().ending_at(office.now + 2 * MINUTE)
    office.let_pass(10 * MINUTE)
    office.show(the_record(lost))

    after = guard(office)

    (one,) = subscriptions(office)
    assert (one["status"], after.health, after.id == first.id) == ("Active", Health.ACTIVE, False)
    (gap,) = gaps(office)
    assert gap.since <= began - guardian.MARGIN_SECONDS + 1
    assert gap.until == pytest.approx(office.now, abs=5)
    assert states(office.redis) == [Told.RAISED, Told.CLEARED]
    look(office, times=3)
    (done,) = gaps(office)
    assert (done.missing, done.healed, done.in_log) == (1, 1, 1)
    assert done.done_at is not None
    assert len(office.outcomes(lost)) == 1


@pytest.mark.parametrize("is_blacklisted", [True, False], ids=["to its deleting", "to its renewal"])
def test_one_that_somebody_else_s_words_say_is_gone_is_replaced_when_ringcentral_is_asked_again(
    guarding_office: Guarding, monkeypatch: pytest.MonkeyPatch, *, is_blacklisted: bool
) -> None:
    office = guarding_office()
    first = guard(office, 2)
    if is_blacklisted:
        office.platform.fault("blacklist_subscriptions")
    else:
        box = office.platform._box.subscriptions._all[first.id or ""]
        box.filters, box.expires_at = tuple(one for one in box.filters if one != REMINDER), office.now + HOUR
    office.platform.fault("answer_status", group="medium", status=404, count=1)
    pauses: list[float] = []

    def wait(_: Stopping, seconds: float) -> None:
        pauses.append(seconds)
        office.be_patient()

    monkeypatch.setattr(Stopping, "wait", wait)
    after = guard(office)

    assert (after.health, after.problem, after.id == first.id) == (Health.ACTIVE, None, False)
    assert [0 < seconds <= FIRST_PAUSE for seconds in pauses] == [True]


def test_so_it_is_where_several_are_said_to_be_gone_and_each_shuts_the_breaker_for_longer(
    guarding_office: Guarding, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = guarding_office()
    first = guard(office, 2)
    office.platform.subscribe(f"{webhook.url}/{ACCOUNT}", NEW)
    office.platform.fault("blacklist_subscriptions")
    office.platform.fault("answer_status", group="medium", status=404, count=2)
    left: list[float] = []

    def wait(_: Stopping, seconds: float) -> None:
        until = cast("bytes", office.redis.hget(keys.breaker(ACCOUNT), "until"))
        left.append(float(until) - wall_clock() - seconds)  # by the clock of the server, which nobody sets ahead
        office.redis.hset(keys.breaker(ACCOUNT), "until", "0")

    monkeypatch.setattr(Stopping, "wait", wait)
    after = guard(office)

    assert (after.health, after.problem, after.id == first.id) == (Health.ACTIVE, None, False)
    assert [seconds <= 0 for seconds in left] == [True] * 2


def test_one_that_is_gone_is_made_anew_and_the_time_since_it_was_last_seen_compared(guarding_office: Guarding) -> None:
    office = guarding_office()
    guard(office, 3)
    seen = office.now
    office.platform.fault("delete_subscriptions")
    office.let_pass(2 * DAY)

    after = guard(office)

    assert after.health is Health.ACTIVE
    (gap,) = gaps(office)
    assert gap.since == pytest.approx(seen - guardian.MARGIN_SECONDS, abs=5)


def test_a_newer_token_gets_a_subscription_of_its_own_before_the_older_ones_is_deleted(
    guarding_office: Guarding,
) -> None:
    office = guarding_office(OLD)
    first = guard(office, 2)
    rotated(office, NEW, OLD)

    after = guard(office)

    box = office.platform._box.subscriptions
    assert [one.verification_token for one in box.receiving()] == [NEW]
    assert after.id != first.id
    assert gaps(office) == []
    assert guard(office, 2).id == after.id


def test_where_web_is_moved_the_old_address_is_left(guarding_office: Guarding, webhook: Webhook) -> None:
    office = guarding_office()
    foreign = office.platform.subscribe(f"{webhook.url}/somebody-else")
    guard(office, 2)
    office.settings = msgspec.structs.replace(office.settings, public_url=webhook.url)
    office.dependencies.settings = office.settings

    after = guard(office)

    assert {one["id"] for one in subscriptions(office)} == {after.id, foreign}
    assert after.foreign == (f"{webhook.url}/somebody-else",)
    assert len(gaps(office)) == 1


def test_the_one_at_the_old_address_is_deleted_though_that_failed_when_the_new_one_was_made(
    guarding_office: Guarding, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise Unavailable("500")

    office = guarding_office()
    guard(office, 2)
    office.settings = msgspec.structs.replace(office.settings, public_url=webhook.url)
    office.dependencies.settings = office.settings
    with monkeypatch.context() as failing:
        failing.setattr(Subscriptions, "delete", fails)
        guard(office)
    assert len(subscriptions(office)) == 2

    after = guard(office)

    assert [one["id"] for one in subscriptions(office)] == [after.id]
    assert after.foreign == ()


def test_the_subscription_of_the_only_account_is_kept_when_others_come(
    guarding_office: Guarding, webhook: Webhook
) -> None:
    office = guarding_office()
    first = office.platform.subscribe(webhook.url, NEW)
    account = msgspec.structs.replace(account_of(office), name=DEFAULT_ACCOUNT)
    another = msgspec.structs.replace(account, name="another")
    office.settings = msgspec.structs.replace(office.settings, accounts=(account, another))
    office.dependencies.settings = office.settings

    after = office.guard()

    assert after.id == first
    assert [one["id"] for one in subscriptions(office)] == [first]


def test_a_filter_that_is_not_served_is_an_alert_and_asked_for_again_until_it_is(guarding_office: Guarding) -> None:
    office = guarding_office()
    office.platform.fault("forbid", endpoint="telephony/sessions")
    first = guard(office, 3)
    (alert,) = operator_log.alerts(office.redis)
    assert (first.health, alert.what) == (Health.INCOMPLETE, What.SUBSCRIPTION_INCOMPLETE)
    assert "[CallControl] permission" in alert.details["reasons"]
    office.platform.fault("forbid", endpoint="telephony/sessions", on=False)

    after = guard(office)

    assert (after.id, after.health, alerts(office)) == (first.id, Health.ACTIVE, [])


def test_a_filter_that_is_not_served_any_more_is_an_alert_also_where_it_cannot_be_asked_for(
    guarding_office: Guarding,
) -> None:
    office = guarding_office()
    well = guard(office, 2)
    office.platform.fault("forbid", endpoint="telephony/sessions")
    office.platform._box.subscriptions.change(well.id or "", {"eventFilters": list(filters(company=True))})
    office.platform.fault("answer_status", group="medium", status=400, count=1)

    after = guard(office)

    assert (after.id, after.health, after.problem) == (well.id, Health.INCOMPLETE, "Refused")
    assert alerts(office) == [What.SUBSCRIPTION_INCOMPLETE]


def test_one_that_cannot_be_made_is_an_alert_until_it_can(guarding_office: Guarding, webhook: Webhook) -> None:
    office = guarding_office()
    webhook.answer = Answer(status=500)
    after = guard(office, 3)
    assert after.problem is not None
    assert "SUB-522" in after.problem
    assert alerts(office) == [What.SUBSCRIPTION_MISSING]

    webhook.answer = Answer()
    guard(office)

    assert alerts(office) == []


@pytest.mark.parametrize("gone", ["delete_subscriptions", "blacklist_subscriptions"])
def test_one_that_cannot_be_made_where_all_was_started_together_is_no_alert_unless_it_still_cannot_a_minute_later(
    guarding_office: Guarding, webhook: Webhook, gone: str
) -> None:
    office = guarding_office()
    guard(office, 2)
    office.platform.fault(gone)
    webhook.answer = Answer(status=500)

    assert "SUB-522" in (guard(office).problem or "")
    assert What.SUBSCRIPTION_MISSING not in alerts(office)

    guard(office)
    assert What.SUBSCRIPTION_MISSING in alerts(office)


def test_one_that_was_missing_before_a_restart_is_no_alert_with_the_first_look_after_it(
    guarding_office: Guarding, webhook: Webhook
) -> None:
    office = guarding_office()
    guard(office)
    office.let_pass(DAY)
    office.dependencies.made_at = stopwatch()
    webhook.answer = Answer(status=500)

    guard(office)

    assert alerts(office) == []


def test_the_first_one_is_made_with_the_second_look_though_that_is_of_a_process_that_was_just_started(
    guarding_office: Guarding,
) -> None:
    office = guarding_office()
    guard(office)
    office.dependencies.made_at = stopwatch()

    assert guard(office).health is Health.ACTIVE


def test_one_that_is_made_with_the_second_look_was_no_alert(guarding_office: Guarding, webhook: Webhook) -> None:
    office = guarding_office()
    guard(office, 2)
    office.platform.fault("delete_subscriptions")
    webhook.answer = Answer(status=500)
    guard(office)
    webhook.answer = Answer()

    assert guard(office).health is Health.ACTIVE
    assert states(office.redis) == []
    assert len(gaps(office)) == 1


def test_subscriptions_that_nobody_may_look_at_are_an_alert_until_somebody_may(guarding_office: Guarding) -> None:
    office = guarding_office()
    office.platform.fault("forbid", endpoint="subscription")
    assert "CMN-408" in (guard(office, 2).problem or "")
    (alert,) = operator_log.alerts(office.redis)
    assert (alert.what, "CMN-408" in alert.details["problem"]) == (What.SUBSCRIPTION_MISSING, True)

    office.platform.fault("forbid", endpoint="subscription", on=False)

    assert (guard(office, 2).problem, alerts(office)) == (None, [])


@pytest.mark.parametrize("given", [{"public_url": None}, {}], ids=["without PUBLIC_URL", "with it"])
def test_that_none_could_be_made_is_over_where_none_shall_be_made_any_more(
    guarding_office: Guarding, given: dict[str, None]
) -> None:
    office = guarding_office()
    office.platform.fault("forbid", endpoint="subscription")
    guard(office, 2)
    office.settings = office.dependencies.settings = msgspec.structs.replace(office.settings, **given)

    upkeep.serve(ACCOUNT)

    assert alerts(office) == ([] if given else [What.SUBSCRIPTION_MISSING])


def test_what_was_wrong_with_a_subscription_is_over_where_it_is_gone_and_none_shall_be_made_any_more(
    guarding_office: Guarding,
) -> None:
    office = guarding_office()
    office.platform.fault("forbid", endpoint="telephony/sessions")
    guard(office, 3)
    operator_log.raise_alert(office.redis, What.SUBSCRIPTION_BLACKLISTED, ACCOUNT, "It had given up.", account=ACCOUNT)
    alarms.of_account(office.redis, office.settings, account_of(office))
    assert set(alerts(office)) == {What.SUBSCRIPTION_BLACKLISTED, What.SUBSCRIPTION_INCOMPLETE}
    office.settings = office.dependencies.settings = msgspec.structs.replace(office.settings, public_url=None)
    office.platform._box.subscriptions._all.clear()
    guard(office)

    alarms.of_account(office.redis, office.settings, account_of(office))

    assert alerts(office) == []


def test_where_nobody_shall_make_a_subscription_nobody_is_told_that_they_may_not_be_looked_at(
    an_office: MakeOffice,
) -> None:
    office = an_office()
    office.platform.fault("forbid", endpoint="subscription")

    guard(office, 2)

    assert alerts(office) == []


def test_after_credentials_that_were_not_accepted_others_are_tried_with_the_next_look(
    guarding_office: Guarding,
) -> None:
    office = guarding_office()
    with_jwt(office, "a typing mistake")
    assert "BrokenConfiguration" in (guard(office).problem or "")

    with_jwt(office, USER_JWT)
    after = guard(office, 2)

    assert (after.health, after.problem) == (Health.ACTIVE, None)


def test_without_a_public_url_nothing_is_made_and_what_is_there_is_watched(an_office: MakeOffice) -> None:
    office = an_office()

    assert guard(office, 3).health is Health.UNMANAGED
    assert subscriptions(office) == []


def test_a_public_url_without_a_token_is_told_of_for_nothing_is_made(guarding_office: Guarding) -> None:
    office = guarding_office()
    account = msgspec.structs.replace(account_of(office), verification_tokens=())
    office.dependencies.settings = msgspec.structs.replace(office.settings, accounts=(account,))

    office.guard(account)

    guarded = guarding.load(office.redis, ACCOUNT)
    assert (guarded.health, guarded.problem) == (Health.UNMANAGED, "RC_VERIFICATION_TOKEN is not set")
    assert subscriptions(office) == []

    assert office.guard().problem is None  # though none is made yet


def test_a_log_that_shows_calls_nobody_told_of_is_an_alarm_until_something_is_heard(office: Office) -> None:
    office.hear(*ivr_call().ending_at(office.now).bodies)
    office.track()
    look(office)
    office.let_pass(30 * MINUTE)
    office.show(the_record(ivr_call().ending_at(office.now - 5), id="A9"))
    began = office.now
    for _ in range(10):
        look(office)
        watches.watch_for_silence(office.redis, ACCOUNT, since=0.0, now=office.now)
        if alerts(office):
            break

    assert office.now - began < 2 * office.settings.reconcile_seconds
    assert alerts(office) == [What.NOTIFICATIONS_MISSING]
    office.hear(*queue_bodies(office))
    watches.watch_for_silence(office.redis, ACCOUNT, since=0.0, now=office.now)
    assert alerts(office) == []


def test_calls_from_before_the_guardian_was_there_are_no_alarm_for_nobody_else_may_have_been_there(
    office: Office,
) -> None:
    office.redis.zadd(keys.unheard(ACCOUNT), {"s-1": office.now - 3600})

    office.guard()
    assert alerts(office) == []

    office.dependencies.made_at -= 7200  # it has been there for two hours
    office.guard()
    assert alerts(office) == [What.NOTIFICATIONS_MISSING]


def test_nor_are_they_where_ringcentral_takes_its_time_for_the_first_look(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [stopwatch()]
    monkeypatch.setattr(presence, "stopwatch", lambda: clock[0])
    office.dependencies.made_at = clock[0]
    listed = Subscriptions.all

    def slowly(self: Subscriptions) -> Any:
        clock[0] += MINUTE
        office.let_pass(MINUTE)
        return listed(self)

    monkeypatch.setattr(Subscriptions, "all", slowly)
    office.redis.zadd(keys.unheard(ACCOUNT), {"s-1": office.now - MINUTE / 2})

    office.guard()

    assert alerts(office) == []


def test_nor_are_calls_from_while_all_stood_still(office: Office) -> None:
    office.dependencies.made_at -= DAY
    upkeep.tidy(office.redis, office.settings, office.dependencies.recorder)
    office.let_pass(8 * HOUR)  # as while the machine slept
    office.redis.zadd(keys.unheard(ACCOUNT), {"s-1": office.now - HOUR})

    upkeep.tidy(office.redis, office.settings, office.dependencies.recorder)
    office.guard()
    assert alerts(office) == []

    office.let_pass(MINUTE)
    office.redis.zadd(keys.unheard(ACCOUNT), {"s-2": office.now})
    upkeep.tidy(office.redis, office.settings, office.dependencies.recorder)
    office.guard()
    assert alerts(office) == [What.NOTIFICATIONS_MISSING]


@pytest.mark.parametrize("answer", [answers.NOT_STORED, answers.NO_ROOM])
def test_nor_are_calls_of_which_redis_took_no_notification(office: Office, answer: Answered) -> None:
    office.dependencies.made_at -= DAY
    office.guard()
    office.redis.zadd(keys.unheard(ACCOUNT), {"s-1": office.now})
    office.dependencies.recorder.count(NOTIFICATIONS, ACCOUNT, answer.word)
    office.dependencies.recorder.flush()

    for _ in range(2):
        office.let_pass(MINUTE)
        office.guard()
    assert alerts(office) == []

    office.redis.zadd(keys.unheard(ACCOUNT), {"s-2": office.now})
    office.guard()
    assert alerts(office) == [What.NOTIFICATIONS_MISSING]


def test_what_redis_did_not_take_before_its_clock_was_put_back_hides_no_calls_from_then_on(office: Office) -> None:
    office.dependencies.made_at -= DAY
    office.let_pass(HOUR)
    office.dependencies.recorder.count(NOTIFICATIONS, ACCOUNT, answers.NOT_STORED.word)
    office.dependencies.recorder.flush()
    office.guard()

    office.let_pass(-HOUR)
    office.guard()
    office.let_pass(MINUTE)
    office.redis.zadd(keys.unheard(ACCOUNT), {"s-1": office.now})
    office.guard()

    assert alerts(office) == [What.NOTIFICATIONS_MISSING]


def test_what_was_heard_before_redis_s_clock_was_put_back_hides_no_calls_from_then_on(office: Office) -> None:
    office.dependencies.made_at -= DAY
    office.hear(*ivr_call().bodies)
    office.let_pass(-HOUR)
    office.guard()
    for number in range(2):
        office.let_pass(MINUTE)
        office.redis.zadd(keys.unheard(ACCOUNT), {f"s-{number}": office.now})
        office.guard()
        assert alerts(office) == [What.NOTIFICATIONS_MISSING]

    office.let_pass(MINUTE)
    milliseconds, number = streams.order(streams.end(office.redis, keys.inbox(ACCOUNT))[0])
    office.redis.xadd(keys.inbox(ACCOUNT), {"body": b"{}"}, id=f"{milliseconds}-{number + 1}")  # as Redis gives it
    office.guard()

    assert alerts(office) == []


def test_calls_from_before_the_subscription_was_mended_are_no_alarm(guarding_office: Guarding) -> None:
    office = guarding_office()
    guard(office, 2)
    office.redis.zadd(keys.unheard(ACCOUNT), {"s-1": office.now + 10})
    office.platform.fault("delete_subscriptions")

    guard(office, 2)
    assert alerts(office) == []

    office.redis.zadd(keys.unheard(ACCOUNT), {"s-2": office.now})
    guard(office)
    assert alerts(office) == [What.NOTIFICATIONS_MISSING]


def test_nor_are_calls_from_before_there_was_a_subscription_for_the_first_time(guarding_office: Guarding) -> None:
    office = guarding_office()
    guard(office)
    office.redis.zadd(keys.unheard(ACCOUNT), {"s-1": office.now + 10})

    assert guard(office).health is Health.ACTIVE
    assert alerts(office) == []

    office.redis.zadd(keys.unheard(ACCOUNT), {"s-2": office.now + 20})
    guard(office)
    assert alerts(office) == [What.NOTIFICATIONS_MISSING]


def test_an_alarm_about_what_is_not_heard_outlives_a_restart_until_something_is(office: Office) -> None:
    office.redis.zadd(keys.unheard(ACCOUNT), {"s-1": office.now - 3600})
    watches.watch_for_silence(office.redis, ACCOUNT, since=0.0, now=office.now)

    office.guard()
    assert alerts(office) == [What.NOTIFICATIONS_MISSING]

    office.hear(*queue_bodies(office))
    office.guard()
    assert alerts(office) == []


def queue_bodies(office: Office) -> list[bytes]:
    return list(ivr_call().ending_at(office.now).bodies[:1])


def test_the_last_two_days_are_compared_once_a_night_as_far_back_as_calls_are_known(office: Office) -> None:
    call = ivr_call().ending_at(office.now)
    office.hear(*call.bodies)
    office.track()

    for _ in range(3 * 24):
        look(office, every=3600)
        watches.compare_at_night(office.redis, ACCOUNT, now=office.now)

    nights = [one for one in comparisons.all(office.redis, ACCOUNT) if one.why is Why.NIGHTLY]
    assert len(nights) in {3, 4}
    assert all(one.until - one.since <= watches.NIGHTLY_SECONDS for one in nights)


def test_they_are_not_compared_once_more_while_that_of_a_night_before_is_not_done(office: Office) -> None:
    office.redis.zadd(keys.calls(ACCOUNT), {"s-1": office.now})

    for _ in range(10):
        for _ in range(2):
            office.let_pass(DAY / 2)
            watches.compare_at_night(office.redis, ACCOUNT, now=office.now)

    assert len(comparisons.all(office.redis, ACCOUNT)) == 1


def test_they_are_compared_by_who_may_ask_the_log(office: Office) -> None:
    office.redis.zadd(keys.calls(ACCOUNT), {"s-1": office.now})
    account = msgspec.structs.replace(account_of(office), credentials=None)

    for _ in range(2):
        office.let_pass(DAY / 2)
        office.guard(account)

    assert comparisons.all(office.redis, ACCOUNT) == ()


def test_upkeep_has_the_guardian_look_beside_it(guarding_office: Guarding) -> None:
    office = guarding_office()

    upkeep.serve(ACCOUNT)
    office.dependencies.shifts.finish()

    assert guarding.load(office.redis, ACCOUNT).checked_at is not None
