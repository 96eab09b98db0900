"""The order in which a destination gets the events of one call."""

from typing import Any

import msgspec
import pytest

from runtime.deliveries.waiting import REPLACED_AFTER, Queue, Waiting, failed, joined, outdated


def test_a_first_event_is_the_queue() -> None:
    assert ids(joined((), waiting(1)).queue) == ["s/1"]


@pytest.mark.parametrize(
    ("tries", "left", "gone"),
    [
        (0, ["s/1", "s/2"], []),
        (REPLACED_AFTER - 1, ["s/1", "s/2"], []),
        (REPLACED_AFTER, ["s/2"], ["s/1"]),
    ],
    ids=["untried: it waits", "tried a little: it waits", "failed again and again: it takes the place"],
)
def test_a_later_revision(tries: int, left: list[str], gone: list[str]) -> None:
    after = joined((waiting(1, attempts=tries),), waiting(2))

    assert (ids(after.queue), ids(after.replaced)) == (left, gone)


def test_what_is_on_its_way_is_never_replaced() -> None:
    after = joined((waiting(1, attempts=REPLACED_AFTER),), waiting(2), in_flight=True)

    assert ids(after.queue) == ["s/1", "s/2"]


def test_an_earlier_revision_does_not_follow_one_that_is_on_its_way() -> None:
    after = joined((waiting(2),), waiting(1), in_flight=True)

    assert (ids(after.queue), ids(after.replaced)) == (["s/2"], ["s/1"])


def test_an_earlier_revision_that_is_asked_for_again_goes_first() -> None:
    assert ids(joined((waiting(2),), waiting(1)).queue) == ["s/1", "s/2"]


def test_an_earlier_revision_that_is_asked_for_again_takes_nobody_s_place() -> None:
    after = joined((waiting(2, attempts=REPLACED_AFTER),), waiting(1))

    assert (ids(after.queue), ids(after.replaced)) == (["s/1", "s/2"], [])


@pytest.mark.parametrize(("due", "asked"), [(100.0, 5.0), (5.0, 100.0)])
def test_an_event_waits_once_however_often_it_is_asked_for_and_no_longer_than_before(due: float, asked: float) -> None:
    after = joined((waiting(1, attempts=2, due=due),), waiting(1, due=asked))

    assert [(one.attempts, one.due) for one in after.queue] == [(2, 5.0)]


def test_an_event_that_fails_waits_for_its_next_attempt() -> None:
    after = failed((waiting(1), waiting(2)), again_at=50.0)

    assert [(one.event_id, one.attempts, one.due) for one in after.queue] == [("s/1", 1, 50.0), ("s/2", 0, 0.0)]


def test_what_was_held_is_owed_since_it_was_published_once_it_failed() -> None:
    held = msgspec.structs.replace(waiting(1, due=40.0), held=True)

    (after,) = failed((held,), again_at=50.0).queue

    assert (held.owed_since, after.owed_since) == (40.0, after.published_at)


def test_an_event_that_fails_once_too_often_yields_to_the_later_one() -> None:
    after = failed((waiting(1, attempts=REPLACED_AFTER - 1), waiting(2)), again_at=50.0)

    assert (ids(after.queue), ids(after.replaced)) == (["s/2"], ["s/1"])


def test_create_only_keeps_the_newest() -> None:
    after = joined((waiting(1, held=True),), waiting(2), create_only=True)

    assert (ids(after.queue), ids(after.replaced)) == (["s/2"], ["s/1"])


def test_create_only_keeps_the_newest_also_where_an_older_one_is_asked_for_again() -> None:
    after = joined((waiting(2, held=True),), waiting(1), create_only=True)

    assert (ids(after.queue), ids(after.replaced)) == (["s/2"], ["s/1"])


def test_create_only_stays_with_what_was_tried() -> None:
    after = joined((waiting(1, attempts=1),), waiting(2), create_only=True)

    assert (ids(after.queue), ids(after.replaced)) == (["s/1"], ["s/2"])


def test_what_waits_is_outdated_by_a_later_revision_that_is_not_wanted() -> None:
    after = outdated((waiting(0, held=True), waiting(1), waiting(3)), waiting(2))

    assert (ids(after.queue), ids(after.replaced)) == (["s/3"], ["s/0", "s/1"])


def test_a_call_of_another_account_is_outdated_by_none_of_the_same_id() -> None:
    queue = (waiting(1),)

    assert outdated(queue, msgspec.structs.replace(waiting(2), account="globex")).queue == queue


@pytest.mark.parametrize(
    ("one", "in_flight"),
    [({"attempts": 1}, False), ({"going": True}, False), ({}, True)],
    ids=["tried", "going to be tried", "on its way"],
)
def test_what_was_tried_or_was_going_to_be_is_not_outdated(one: dict[str, Any], in_flight: object) -> None:
    queue = (msgspec.structs.replace(waiting(1), **one),)

    assert outdated(queue, waiting(2), in_flight=bool(in_flight)).queue == queue


def waiting(revision: int, *, attempts: int = 0, due: float = 0.0, held: bool = False) -> Waiting:
    return Waiting(f"{revision}-0", f"s/{revision}", "default", revision, due, attempts, held)


def ids(queue: Queue) -> list[str]:
    return [one.event_id for one in queue]
