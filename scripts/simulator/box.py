"""RingCentral in a box: its parts put together, and what can be asked of the whole."""

from typing import Any

from scripts.simulator.agenda import Agenda
from scripts.simulator.call_log import CallLog
from scripts.simulator.calls import Dealer
from scripts.simulator.clock import Clock
from scripts.simulator.configuration import Configuration
from scripts.simulator.deliveries import Deliveries
from scripts.simulator.faults import Faults
from scripts.simulator.limits import RateLimits
from scripts.simulator.player import Player
from scripts.simulator.records import RecordWriter
from scripts.simulator.requests_seen import RequestsSeen
from scripts.simulator.ringouts import RingOuts
from scripts.simulator.subscriptions import Subscriptions
from scripts.simulator.tokens import Tokens


class Box:
    """One simulated account with everything the platform does for it."""

    def __init__(self, configuration: Configuration, base_url: str, clock: Clock) -> None:
        chosen = configuration
        self.configuration = chosen
        self.base_url = base_url
        self.clock = clock
        self.faults = Faults(chosen.seed)
        self.tokens = Tokens(chosen.token_seconds, clock, chosen.sessions)
        self.limits = RateLimits(chosen.limits, chosen.minute_seconds, clock, self.faults.feel)
        self.requests = RequestsSeen()
        self.call_log = CallLog()
        self.subscriptions = Subscriptions(
            chosen.account_id,
            clock,
            self.faults,
            strict=chosen.strict,
            blacklist_after=chosen.blacklist_after,
            blacklist_seconds=chosen.blacklist_seconds,
        )
        self.agenda = Agenda(clock)
        self.deliveries = Deliveries(
            self.subscriptions,
            self.faults,
            self.agenda,
            clock,
            account_id=chosen.account_id,
            senders=chosen.senders,
        )
        writer = RecordWriter(base_url, chosen.account_id)
        dealer = Dealer(chosen)
        self.player = Player(dealer, self.agenda, self.deliveries, self.call_log, writer, self.faults, clock)
        self.ringouts = RingOuts(dealer, self.player, clock)

    def start(self) -> None:
        """Begin to play what is entered."""
        self.deliveries.start()
        self.agenda.start()

    def close(self) -> None:
        """Stop everything at once."""
        self.agenda.close()
        self.deliveries.close()

    def truth(self) -> dict[str, Any]:
        """Tell the right answer for every session, whether played already or not."""
        now = self.clock()
        return {"items": [take.truth(now) for take in self.player.takes()]}

    def status(self) -> dict[str, Any]:
        """Tell what is going on."""
        now = self.clock()
        takes = self.player.takes()
        started = [take for take in takes if take.started_at <= now]
        played = sum(take.unsent == 0 for take in started)
        return {
            "url": self.base_url,
            "accountId": self.configuration.account_id,
            "seed": self.configuration.seed,
            "calls": {
                "planned": len(takes),
                "running": len(started) - played,
                "played": played,
                "recordsVisible": sum(take.record_visible for take in started),
            },
            "subscriptions": [one.document(self.base_url, now) for one in self.subscriptions.active_or_blacklisted()],
            **self.requests.document(),
            "webhooks": {
                "sent": self.deliveries.sent,
                "failed": self.deliveries.failed,
                "dropped": self.deliveries.dropped,
                "late": self.deliveries.late,
                "lastFailure": self.deliveries.last_failure,
            },
            "records": len(self.call_log),
            "faults": self.faults.document(),
            "felt": dict(self.faults.felt),
        }
