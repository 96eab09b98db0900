"""A past: calls that are long over, put into the call log at once, each with its right outcome known."""

from collections.abc import Iterator

import msgspec

from scripts.simulator.box import Box
from scripts.simulator.calls import Dealer
from scripts.simulator.records import RecordWriter
from scripts.simulator.scenarios import SCENARIOS
from scripts.simulator.take import Take


def fill(box: Box, count: int, *, seconds: float) -> Iterator[Take]:
    """List so many calls of one record each, begun over the last `seconds`, the oldest first; nobody is notified."""
    dealer, writer = Dealer(box.configuration), RecordWriter(box.base_url, box.configuration.account_id)
    simple = [one for one in SCENARIOS.values() if len(one.sessions) == 1 and len(one.sessions[0].records) == 1]
    now = box.clock()
    for number in range(count):
        call = msgspec.structs.replace(dealer.deal_one(simple[number % len(simple)]), provisional=False)
        began = now - seconds + number * (seconds - _LONGEST) / count
        take = Take(call=call, place=0, started_at=began, speed=1.0)
        for document in writer.final(take, recorded=False, now=now):
            box.call_log.put(document, now=take.ends_at)
        yield take


_LONGEST = 3600.0
