"""What asks RingCentral at the same moment, and what each is told."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Barrier, Thread
from typing import Any

import msgspec

from runtime.budget import Group
from workers.dependencies import Dependencies
from workers.ringcentral.errors import RingCentralError


def get(process: Dependencies, group: Group) -> object:
    """Ask for something as a worker of that process would."""
    path = "/restapi/v1.0/account/~/call-log" if group is Group.HEAVY else "/restapi/v1.0/account/~/extension/~"
    return process.ringcentral(process.account("acme")).get(path, decode=msgspec.json.decode, group=group)


def all_ask(processes: Sequence[Dependencies], group: Group) -> list[Any]:
    """Have all processes ask at the same moment; give the answers and the errors."""
    return all_at_once([partial(get, process, group) for process in processes])


def all_at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Call all at the same moment, each in a thread of its own; give the values and the errors."""
    start, results = Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        start.wait()
        try:
            results.append(call())
        except RingCentralError as error:
            results.append(error)

    threads = [Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
