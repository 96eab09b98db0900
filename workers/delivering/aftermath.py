"""What an answer does to the queue of its call. Pure: the time and the chance are given."""

from collections.abc import Callable
from typing import Final

import msgspec

from runtime.deliveries import redrive, waiting
from runtime.deliveries.attempts import Attempt, Blame, DeadLetter
from runtime.deliveries.waiting import Queue, Waiting
from workers.destinations.schedule import next_attempt
from workers.destinations.verdicts import Answer, Verdict

OUR_PAUSE_SECONDS: Final = 30.0
"""When an event is sent again after a failure of ours, which is not counted as an attempt."""


class Aftermath(msgspec.Struct, frozen=True):
    """The queue after an answer, what to note of the attempt, and the events that are not sent any more."""

    queue: Queue
    attempt: Attempt
    letter: DeadLetter | None = None
    replaced: Queue = ()


def aftermath(
    destination_id: str, call: str, queue: Queue, answer: Answer, *, now: float, random: Callable[[], float]
) -> Aftermath:
    """Judge what came of sending the first event of `queue`."""
    item = queue[0]
    tried = msgspec.structs.replace(item, attempts=item.attempts + 1, held=False)
    attempt = _attempt(destination_id, call, tried, answer, now)
    if answer.verdict is Verdict.DELIVERED or redrive.is_test(item.place):
        return Aftermath(queue[1:], attempt)
    if answer.blame is Blame.OURS:
        uncharged = msgspec.structs.replace(item, due=now + OUR_PAUSE_SECONDS)
        return Aftermath((uncharged, *queue[1:]), attempt)
    if answer.verdict is Verdict.GONE:  # the destination is disabled, and begins with this one should it come back
        return Aftermath((msgspec.structs.replace(tried, due=now), *queue[1:]), attempt)
    again_at = next_attempt(tried.attempts, now=now, retry_after=answer.retry_after, random=random)
    if again_at is None or answer.verdict is Verdict.PERMANENT:
        because = "permanent" if answer.verdict is Verdict.PERMANENT else "exhausted"
        return Aftermath(queue[1:], attempt, letter=letter(call, tried, because, answer, now=now))
    after = waiting.failed(queue, again_at=again_at)
    next_at = None if after.replaced else again_at
    return Aftermath(after.queue, msgspec.structs.replace(attempt, next_at=next_at), replaced=after.replaced)


def letter(call: str, item: Waiting, because: str, answer: Answer | None = None, *, now: float) -> DeadLetter:
    """Make the dead letter of an event that is given up."""
    return DeadLetter(
        event_id=item.event_id,
        call=call,
        account=item.account,
        place=item.place,
        published_at=item.published_at,
        dead_at=now,
        attempts=item.attempts,
        because=because,
        blame=answer.blame if answer else None,
        status=answer.status if answer else None,
        error=answer.error if answer else None,
    )


def replacement(destination_id: str, call: str, item: Waiting, *, now: float) -> Attempt:
    """Note that an event is not sent any more, because a later revision says all it said."""
    return Attempt(
        at=now,
        destination_id=destination_id,
        event_id=item.event_id,
        call=call,
        number=item.attempts,
        verdict="replaced",
        account=item.account,
    )


def _attempt(destination_id: str, call: str, tried: Waiting, answer: Answer, now: float) -> Attempt:
    return Attempt(
        at=now - answer.seconds,
        destination_id=destination_id,
        event_id=tried.event_id,
        call=call,
        number=tried.attempts,
        verdict=answer.verdict,
        blame=answer.blame,
        status=answer.status,
        seconds=answer.seconds,
        excerpt=answer.excerpt,
        error=answer.error,
        account=tried.account,
    )
