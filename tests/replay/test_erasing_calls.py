"""Erasing takes all of somebody's calls, wherever something tells of them, and nothing of anybody else's."""

from typing import Any

import msgspec
import pytest
from redis import Redis

from runtime import actions, comparisons, keys, ledger, links, replays, ringout_wishes, ringouts
from runtime.actions import Action
from runtime.bells import Stage
from runtime.comparisons import Why
from runtime.deliveries import destinations
from runtime.leases import LeaseHeld, lease
from runtime.replays import Asked, Level
from telephony.conversations import Place
from telephony.destinations import Draft
from telephony.linking import GONE_CONFERENCE, ConversationRole, Link
from telephony.records import PhoneParty
from telephony.ringout_request import Caller, MakeRingOut, Number
from telephony.selection import Selection
from telephony.traces import of_number
from tests.builders.events import an_answered_record, an_outcome
from tests.builders.kept_calls import ACCOUNT, START, a_session_of, an_outcome_of, commit, publish, see
from tests.builders.notifications import a_document, a_party_document, posted
from tests.fakes.killed import Killed
from tests.outputs import events
from tests.replay.test_erasing import NUMBER, everything, holding
from workers import erasing
from workers.erasing import Erased, UnknownExtension, erase, person
from workers.stopping import Stopping

OTHER = "+13035550111"
GONE = "globex"
"""An account that the settings do not name any more."""


def test_all_calls_of_somebody_are_gone_and_those_before_between_and_behind_them_stay(redis: Redis) -> None:
    for number, caller in enumerate((OTHER, NUMBER, OTHER, NUMBER, NUMBER, OTHER)):
        happen(redis, number, caller=caller)

    assert erased(redis).calls == 3

    assert [event.subject for event in events(redis)] == ["s-0000", "s-0002", "s-0005"]
    assert holding(redis, NUMBER) == []
    for one in ("s-0001", "s-0003", "s-0004"):
        assert holding(redis, one) == marks(ACCOUNT, one)


def test_a_call_of_an_account_that_was_taken_out_of_the_settings_is_erased_as_well(redis: Redis) -> None:
    happen(redis, 1, caller=NUMBER)
    happen(redis, 2, caller=NUMBER, account=GONE)

    assert erased(redis).calls == 2

    assert holding(redis, NUMBER) == []
    assert (holding(redis, "s-0001"), holding(redis, "s-0002")) == (marks(ACCOUNT, "s-0001"), marks(GONE, "s-0002"))


def test_when_a_call_began_stays_with_its_id(redis: Redis) -> None:
    happen(redis, 1, caller=NUMBER)
    began = redis.zscore(keys.calls(ACCOUNT), "s-0001")

    erased(redis)

    assert redis.zscore(keys.calls(ACCOUNT), "s-0001") == began == START.timestamp() + 60


def test_of_who_had_no_call_goes_what_names_them_and_nothing_else(redis: Redis) -> None:
    destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())
    happen(redis, 1, caller=OTHER)
    actions.record(redis, Action(who="admin", via="api", address="", what="replay.asked"))
    before = everything(redis)
    actions.record(redis, Action(who="admin", via="api", address="", what="replay.asked", detail=NUMBER))

    told = erased(redis)

    assert (told.calls, told.places) == (0, {"actions": 1})
    assert everything(redis) == before


@pytest.mark.parametrize("where", [keys.inbox(ACCOUNT), keys.quarantine(ACCOUNT)])
def test_a_call_of_which_nothing_is_known_but_a_body_is_not_told_of_when_more_comes(redis: Redis, where: str) -> None:
    party = {**a_party_document(), "from": {"phoneNumber": NUMBER}}
    redis.xadd(where, {"body": posted(a_document(party, telephonySessionId="s-0001")), "reason": "spoiled"})

    assert erased(redis).calls == 1

    assert holding(redis, NUMBER) == []
    assert holding(redis, "s-0001") == marks(ACCOUNT, "s-0001")
    assert ledger.tracked(redis, ACCOUNT, ["s-0001"])["s-0001"].erased


def test_a_call_in_which_somebody_of_an_erased_one_has_gone_on_is_erased_with_it(redis: Redis) -> None:
    happen(redis, 2, caller=OTHER)
    gone = a_party_document(2, "Gone", status={"peerId": {"telephonySessionId": "s-0002"}})
    body = posted(a_document({**gone, "from": {"phoneNumber": NUMBER}}, telephonySessionId="s-0001"))
    redis.xadd(keys.inbox(ACCOUNT), {"body": body})

    assert erased(redis).calls == 2

    assert events(redis) == []
    assert holding(redis, "s-0002") == marks(ACCOUNT, "s-0002")


def test_what_was_told_of_a_call_while_it_was_looked_for_is_erased_too(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(redis, 1, caller=NUMBER)
    taken_out = erasing._of_stages

    def told_first(*args: Any, **options: Any) -> None:  # by a sweep that had the call in hand
        publish(redis, an_outcome_of(1, revision=2, caller=NUMBER))
        taken_out(*args, **options)

    monkeypatch.setattr(erasing, "_of_stages", told_first)
    erased(redis)

    assert holding(redis, NUMBER) == []
    assert holding(redis, "s-0001") == marks(ACCOUNT, "s-0001")


def test_no_stage_has_anything_of_a_call_in_hand_before_the_rest_is_taken_out(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(redis, 1, caller=NUMBER)
    destination, _ = destinations.create(redis, Draft(url="https://crm.example/hook"), keys=())
    lists = [build(ACCOUNT) for build in (keys.due, keys.quiet, keys.open_sessions)] + [keys.retries(destination.id)]
    for name in lists:
        redis.zadd(name, {"s-0001": 1.0})
    builders = (keys.resolution, keys.records, keys.links, keys.revisions)
    own = [build(ACCOUNT, "s-0001") for build in builders] + [keys.delivered(destination.id, "s-0001")]
    for name in own[:3] + own[4:]:
        redis.set(name, "1")
    redis.rpush(keys.attempts_of_call(ACCOUNT, "s-0001"), "{}")
    redis.hset(keys.waiting(destination.id), "s-0001", "[]")

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(erasing, "take_out", killed)
    with pytest.raises(Killed):
        erased(redis)

    assert redis.exists(*lists, *own, keys.attempts_of_call(ACCOUNT, "s-0001"), keys.waiting(destination.id)) == 0


def test_a_call_of_the_same_conversation_keeps_what_was_told_of_it_and_its_other_links(redis: Redis) -> None:
    happen(redis, 1, caller=NUMBER)
    together = Place("s-0001", ConversationRole.CONSULTATION, ("s-0001", "s-0003"))
    publish(redis, an_outcome(an_answered_record(), session=a_session_of(2, caller=OTHER), place=together))
    both = [Link(one, "s-0002", GONE_CONFERENCE) for one in ("s-0001", "s-0003")]
    commit(redis, links.found(ACCOUNT, both, now=1.0, retention=600))
    before = redis.get(keys.links(ACCOUNT, "s-0002"))

    erased(redis)

    assert [event.subject for event in events(redis)] == ["s-0002"]
    assert redis.get(keys.links(ACCOUNT, "s-0002")) == before != b""
    assert redis.exists(keys.links(ACCOUNT, "s-0001")) == 0


def test_a_replay_that_was_asked_for_by_somebody_s_number_is_gone_whole(redis: Redis) -> None:
    asked = Asked(level=Level.DELIVER, selection=Selection(number=NUMBER))
    replay = replays.create(redis, ACCOUNT, asked)

    erased(redis)

    assert redis.hgetall(keys.replay(ACCOUNT, replay.id)) == {}
    assert replays.page(redis, [ACCOUNT], limit=10) == ([], None)


def test_what_is_on_for_others_as_well_goes_on_though_it_names_an_erased_call(redis: Redis) -> None:
    happen(redis, 1, caller=NUMBER)
    asked = replays.create(redis, ACCOUNT, Asked(level=Level.RAW, selection=Selection(calls=("s-0001", "s-0002"))))
    commit(redis, replays.chosen(asked, [("s-0001", 1.0), ("s-0002", 2.0)]))
    gap = comparisons.ask(redis, ACCOUNT, Why.GAP, since=0.0, until=9.0)
    commit(redis, [comparisons.write(ACCOUNT, msgspec.structs.replace(gap, missing=1, calls=("s-0001",)))])

    erased(redis)

    replay, compared = replays.load(redis, ACCOUNT, asked.id), comparisons.get(redis, ACCOUNT, gap.id)
    assert replay is not None
    assert (replay.left, compared and compared.missing) == (1, 1)
    assert holding(redis, NUMBER) == []


def test_who_follows_a_ringout_does_not_bring_back_what_was_erased_meanwhile(redis: Redis) -> None:
    call = MakeRingOut(Caller("+16505550101"), Number(NUMBER))
    ringout = ringout_wishes.ask(redis, ACCOUNT, retention=600, call=call)
    stopping = Stopping()
    stopping.set()

    with lease(redis, ACCOUNT, Stage.RINGOUT) as follower:
        with pytest.raises(LeaseHeld):
            erase(redis, of_number(NUMBER), retention=600, dry_run=False, stopping=stopping)
        follower.commit([ringouts.write(ringout, retention=600)])  # what it had read before it asked RingCentral
    told = erased(redis)

    assert told.places["ringout"] == 1
    assert holding(redis, NUMBER) == []


def test_an_extension_of_which_events_tell_the_number_alone_is_asked_for_by_its_id(redis: Redis) -> None:
    ours = PhoneParty(phone_number="+16505550101", extension_number="556")
    publish(redis, an_outcome_of(1, to=ours))

    with pytest.raises(UnknownExtension, match="give its id"):
        person(redis, number=None, extension="556")


def test_an_extension_whose_id_has_seven_digits_is_found_by_it(redis: Redis) -> None:
    assert person(redis, number=None, extension="6020010").pattern.search(b'"6020010"')


def happen(redis: Redis, number: int, *, caller: str, account: str = ACCOUNT) -> None:
    """Have a call happen, whose outcome is published."""
    see(redis, a_session_of(number, caller=caller), account=account)
    publish(redis, an_outcome_of(number, caller=caller), account=account)


def marks(account: str, one: str) -> list[str]:
    """Name the keys that hold the id of an erased call on."""
    return sorted([keys.calls(account), keys.session(account, one), keys.suppressed(account)])


def erased(redis: Redis) -> Erased:
    """Erase whoever has the number."""
    return erase(redis, of_number(NUMBER), retention=600, dry_run=False)
