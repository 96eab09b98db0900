"""Stand-in until the real one is here: a breaker that never opens."""

import msgspec


class Breaker(msgspec.Struct, frozen=True):
    """A breaker."""

    opens_until: float | None = None

    def after(self, success: bool, now: float) -> "Breaker":  # noqa: ARG002, FBT001
        """Give the breaker after an answer."""
        return self

    def may_send(self, now: float) -> bool:
        """Say whether anything may be sent."""
        return self.opens_until is None or now >= self.opens_until
