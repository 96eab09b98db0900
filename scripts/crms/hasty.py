"""`python -m scripts.crms.hasty`: a deliver worker whose waits are short, so that a trial takes a minute, not a day."""

import sys
from typing import Final

from workers.__main__ import main
from workers.destinations import breaker, schedule

FASTER: Final = 50.0
"""By how much."""

if __name__ == "__main__":
    shorter = tuple(min(seconds / FASTER, 1.0) for seconds in schedule.SCHEDULE)
    for module, name, value in (
        (schedule, "SCHEDULE", shorter),
        (breaker, "FIRST_PAUSE", breaker.FIRST_PAUSE / FASTER),
        (breaker, "LONGEST_PAUSE", breaker.LONGEST_PAUSE / FASTER),
    ):
        setattr(module, name, value)
    sys.exit(main(["deliver"]))
