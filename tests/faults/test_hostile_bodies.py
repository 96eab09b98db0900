"""Whatever an authentic sender posts is stored and answered 200; it costs little and harms no other."""

import tracemalloc

import pytest
from redis import Redis

from runtime import keys
from scripts.soaking.hostile import BODIES
from telephony.notifications import MOST_PARTIES, read
from tests.builders.calls import ivr_call
from tests.builders.notifications import a_document, a_party_document, posted
from tests.outputs import entries
from tests.web.posting import PATH, SIGNED, settings_of
from tests.workers.office import ACCOUNT, Office
from web.create_app import create_app

CALL = ivr_call()
MOST_MEMORY = 25 * 2**20
DAY = 86400


def test_web_takes_them_all(redis: Redis, redis_url: str) -> None:
    client = create_app(settings_of(redis_url), redis).test_client()

    assert {name: client.post(PATH, data=body, headers=SIGNED).status_code for name, body in BODIES.items()} == (
        dict.fromkeys(BODIES, 200)
    )


def test_track_takes_them_all_and_a_call_among_them_ends_as_always(office: Office) -> None:
    first, *others = CALL.bodies
    office.hear(first, *BODIES.values(), *others)

    office.track()
    office.let_pass(office.settings.quiet_seconds)
    office.track()

    assert [event.id for event in office.published(CALL)] == [f"{CALL.telephony_session_id}/0"]
    kept = {fields[b"body"] for _, fields in entries(office.redis, keys.quarantine(ACCOUNT))}
    assert kept < set(BODIES.values())
    assert len(kept) > len(BODIES) / 2


@pytest.mark.parametrize("name", BODIES)
def test_reading_one_takes_little_memory(name: str) -> None:
    tracemalloc.start()
    try:
        read(BODIES[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < MOST_MEMORY


def test_a_call_that_names_tens_of_thousands_of_others_keeps_none_waiting(office: Office) -> None:
    first, *others = CALL.bodies
    office.hear(first, *(_of_a_crowd(number) for number in range(40)), *others)

    office.track()
    office.let_pass(office.settings.quiet_seconds)
    office.track()

    assert [event.id for event in office.published(CALL)] == [f"{CALL.telephony_session_id}/0"]
    (crowd,) = office.published("s-crowd")
    assert crowd.data.linked_sessions == ()


def _of_a_crowd(number: int) -> bytes:
    """Write a notification of five hundred who have left the same call, each for another one."""
    peers = (f"s-{number}-{other}" for other in range(MOST_PARTIES))
    parties = [a_party_document(1, "Gone", status={"peerId": {"telephonySessionId": one}}) for one in peers]
    return posted(a_document(*parties, telephonySessionId="s-crowd", sequence=number + 2))


def test_what_is_sent_again_a_day_later_changes_nothing(office: Office) -> None:
    office.hear(*CALL.bodies)
    office.track()
    office.let_pass(office.settings.quiet_seconds)
    office.track()
    office.let_pass(DAY)

    office.hear(*CALL.bodies)
    office.track()
    office.let_pass(office.settings.quiet_seconds)
    office.track()

    assert [event.id for event in office.published(CALL)] == [f"{CALL.telephony_session_id}/0"]
