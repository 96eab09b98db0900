"""Streams as they are stored: their places, and reading them."""

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from runtime import streams
from runtime.streams import Page

STREAM = "legwork:test-stream"


@pytest.mark.parametrize(("place", "ordered"), [("7-2", (7, 2)), ("7", (7, 0)), ("operator/7-2", (7, 2))])
def test_places_are_ordered_by_their_numbers(place: str, ordered: tuple[int, int]) -> None:
    assert streams.order(place) == ordered
    assert streams.added_at(place) == 0.007


@pytest.mark.parametrize("text", [None, "", "7", "7-", "-", "7-2\n", "\u0667-2", "7-2 or else"])
def test_a_stranger_s_word_that_is_no_place_is_none(text: str | None) -> None:
    assert streams.place_of(text) is None


def test_a_stream_is_read_to_its_end_however_long_it_is(redis: Redis) -> None:
    with redis.pipeline() as pipeline:
        for number in range(1, 2002):
            pipeline.xadd(STREAM, {"n": str(number)}, id=f"{number}-0")
        pipeline.execute()

    read = [int(fields[b"n"]) for _, fields in streams.entries(redis, STREAM, first="2")]

    assert read == list(range(2, 2002))
    assert streams.end(redis, STREAM) == ("2001-0", 2001)


@pytest.mark.parametrize(("size", "goes"), [(10, range(2, 5)), (50_000, range(4, 12))], ids=["small", "large"])
def test_large_entries_are_read_a_few_at_a_time_and_small_ones_together(redis: Redis, size: int, goes: range) -> None:
    for number in range(1, 401):
        redis.xadd(STREAM, {"n": b"x" * size}, id=f"{number}-0")
    redis.config_resetstat()

    read = [place for place, _ in streams.entries(redis, STREAM)]

    assert read == [f"{number}-0".encode() for number in range(1, 401)]
    assert redis.info("commandstats")["cmdstat_xrange"]["calls"] in goes


def test_the_ends_of_several_streams_are_read_together_and_one_that_holds_nothing_has_none(redis: Redis) -> None:
    redis.xadd(STREAM, {"n": "x"}, id="7-2")

    assert streams.ends(redis, [STREAM, "legwork:none"]) == [("7-2", 1), ("0-0", 0)]

    redis.set("legwork:none", "no stream")
    with pytest.raises(ResponseError):
        streams.ends(redis, [STREAM, "legwork:none"])


def test_pages_go_back_from_the_newest(redis: Redis) -> None:
    for number in (1, 2, 3):
        redis.xadd(STREAM, {"n": "x"}, id=f"{number}-0")

    newest = streams.page(redis, STREAM, lambda place, _: place, limit=2)
    oldest = streams.page(redis, STREAM, lambda place, _: place, after=newest.next, limit=2)

    assert newest == Page(("3-0", "2-0"), "2-0")
    assert oldest == Page(("1-0",), None)


def test_there_is_nothing_before_the_first_place(redis: Redis) -> None:
    redis.xadd(STREAM, {"n": "x"}, id="1-0")

    assert streams.page(redis, STREAM, lambda place, _: place, after="0-0") == Page((), None)
