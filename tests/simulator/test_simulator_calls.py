"""Dealing calls: the same seed, the same calls; every kind in each round."""

from collections import Counter
from itertools import islice

import msgspec

from scripts.simulator.calls import Dealer
from scripts.simulator.configuration import Configuration
from scripts.simulator.scenarios import A_ROUND, DEALT


def test_the_same_seed_deals_the_same_calls() -> None:
    first = list(Dealer(Configuration(seed=7)).deal(60))
    second = list(Dealer(Configuration(seed=7)).deal(60))

    assert first == second


def test_another_seed_deals_other_calls() -> None:
    first = {ids for call in Dealer(Configuration(seed=7)).deal(60) for ids in call.sessions}
    second = {ids for call in Dealer(Configuration(seed=8)).deal(60) for ids in call.sessions}

    assert not first & second


def test_on_another_occasion_the_calls_of_a_seed_are_the_same_but_for_their_ids() -> None:
    before = list(Dealer(Configuration(seed=7)).deal(60))
    again = list(Dealer(Configuration(seed=7, occasion="again")).deal(60))

    first, second = ([msgspec.structs.replace(call, sessions=()) for call in calls] for calls in (before, again))
    assert first == second
    names = [ids.telephony_session_id for call in (*before, *again) for ids in call.sessions]
    assert len(names) == len(set(names))


def test_dealing_in_parts_deals_the_same_as_dealing_at_once() -> None:
    dealer = Dealer(Configuration(seed=7))

    in_parts = [*islice(dealer.deal_endlessly(), 3), *islice(dealer.deal_endlessly(), 4)]

    assert in_parts == list(islice(Dealer(Configuration(seed=7)).deal_endlessly(), 7))


def test_a_round_holds_every_kind() -> None:
    calls = list(Dealer(Configuration(seed=3)).deal(A_ROUND))

    assert {call.scenario.name for call in calls} == {scenario.name for scenario in DEALT}
    assert sum(len(call.sessions) for call in calls) == A_ROUND


def test_as_many_sessions_are_dealt_as_asked_for() -> None:
    for count in (1, 2, 7, 24, 26, 51):
        calls = Dealer(Configuration(seed=count)).deal(count)

        assert sum(len(call.sessions) for call in calls) == count


def test_two_rounds_hold_every_kind_twice() -> None:
    kinds = Counter(call.scenario.name for call in Dealer(Configuration()).deal(2 * A_ROUND))

    assert set(kinds.values()) == {2}


def test_calls_last_as_long_as_chosen() -> None:
    choices = Configuration(shortest_call=3.0, longest_call=5.0)

    assert all(3.0 <= call.length <= 5.0 for call in Dealer(choices).deal(100))


def test_exponential_lengths_have_the_mean_chosen() -> None:
    lengths = [call.length for call in Dealer(Configuration(mean_call=180.0)).deal(2000)]

    assert 165 < sum(lengths) / len(lengths) < 195
    assert max(lengths) > 600


def test_queue_calls_are_always_listed_mid_call() -> None:
    calls = Dealer(Configuration(provisional_share=0.0)).deal(A_ROUND)

    assert {call.scenario.name for call in calls if call.provisional} == {
        *("queue_answered", "queue_abandoned", "queue_of_five", "queue_hand_over", "queue_hand_over_in_two")
    }


def test_a_configuration_can_be_handed_to_another_process() -> None:
    chosen = Configuration(seed=3, mean_call=180.0)

    assert msgspec.json.decode(msgspec.json.encode(chosen), type=Configuration) == chosen
