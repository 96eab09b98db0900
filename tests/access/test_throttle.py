"""How guessing is slowed down, with a clock that stands still unless it is told to go on."""

from tests.asking.clock import Clock
from web.access.throttle import ADDRESSES, EACH, TOGETHER, Throttle


def guesses(throttle: Throttle, address: str, times: int) -> int:
    """Guess as often as is allowed, at most `times`; give how often that was."""
    made = 0
    while made < times and not throttle.wait(address):
        throttle.failed(address)
        made += 1
    return made


def test_an_address_has_a_few_guesses_and_then_one_at_a_time() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock)

    assert guesses(throttle, "a", 100) == EACH.burst
    clock.now += EACH.seconds
    assert guesses(throttle, "a", 100) == 1
    clock.now += EACH.seconds * EACH.burst
    assert guesses(throttle, "a", 100) == EACH.burst


def test_the_wait_is_told_and_ends_when_it_was_told_to() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock)
    guesses(throttle, "a", 100)

    clock.now += throttle.wait("a")

    assert throttle.wait("a") == 0.0


def test_one_address_does_not_hold_up_another() -> None:
    throttle = Throttle(clock=Clock())

    guesses(throttle, "a", 100)

    assert throttle.wait("b") == 0.0


def test_many_addresses_together_are_held_up_too() -> None:
    throttle = Throttle(clock=Clock())

    made = sum(guesses(throttle, f"address-{number}", 1) for number in range(1000))

    assert made == TOGETHER.burst


def test_who_once_had_the_right_token_is_not_held_up_by_strangers() -> None:
    throttle = Throttle(clock=Clock())
    throttle.succeeded("known")

    for number in range(1000):
        guesses(throttle, f"address-{number}", 1)

    assert throttle.wait("stranger") > 0
    assert throttle.wait("known") == 0.0


def test_strangers_do_not_fill_the_memory() -> None:
    clock = Clock()
    throttle = Throttle(clock=clock)

    for number in range(ADDRESSES + 100):
        throttle.failed(f"address-{number}")
        throttle.succeeded(f"address-{number}")

    assert len(throttle._until) == len(throttle._trusted) == ADDRESSES


def test_the_address_that_was_heard_of_longest_ago_is_forgotten_first() -> None:
    throttle = Throttle(clock=Clock())
    again, forgotten, *others = (f"address-{number}" for number in range(ADDRESSES))
    for address in (again, forgotten, *others, again, "one more"):
        throttle.failed(address)

    assert [*throttle._until] == [*others, again, "one more"]
