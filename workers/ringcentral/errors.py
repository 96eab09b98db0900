"""What can go wrong with a request to RingCentral, named for what the caller does about it.

| error | the caller |
|-|-|
| `RateLimited` | asks again after `retry_after`; nothing was wrong |
| `Unavailable` | asks again after `retry_after`; the back-off is already shared by all workers |
| `NotSent` | the same, and may count on RingCentral never having heard of it |
| `NotFound` | takes it as an answer: not there, or not there yet |
| `Forbidden` | goes without it and says which permission is missing |
| `BrokenConfiguration` | tries now and then; nothing is sent until `retry_after`, or until the credentials change |
| `Refused` | looks at `codes`; asking the same again gives the same |
"""

from http import HTTPStatus


class RingCentralError(Exception):
    """RingCentral did not do what it was asked. `codes` are RingCentral's own, outermost first; `status` is HTTP's.

    `retry_after` is in seconds; None where it says nothing of when to come back. `late` says that RingCentral was there
    and took longer than is waited, by us or by its own gateway, as for a page that is too much for it.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        codes: tuple[str, ...] = (),
        late: bool = False,
    ) -> None:
        super().__init__(" ".join((message, *(str(status),) * (status is not None), *codes)))
        self.retry_after = retry_after
        self.status = status
        self.codes = codes
        self.late = late


class RateLimited(RingCentralError):
    """The budget of the rate-limit group is spent, or RingCentral said so; `retry_after` seconds from now it is not."""

    retry_after: float


class Unavailable(RingCentralError):
    """Nothing usable came back: no connection, no answer in time, a 5xx, half a body, or somebody else's HTML."""


class NotSent(Unavailable):
    """Nothing was sent: no connection, no access token, or RingCentral is left alone for now. Asking again is safe."""


class NotFound(RingCentralError):
    """There is no such resource, or not yet: a call-log record comes later than the end of its call."""


class Forbidden(RingCentralError):
    """The app or the user lacks a permission; the message names it as far as RingCentral does."""


class BrokenConfiguration(RingCentralError):
    """The credentials, the app or the account are not accepted; a person must mend it."""


class Refused(RingCentralError):
    """RingCentral understood the request and will not do it; `codes` say why."""


class TokenRefused(RingCentralError):
    """The access token is not accepted (any more): get another one, once. Never leaves the client."""


def is_gone(error: RingCentralError) -> bool:
    """Say whether what was asked about is not there, in whosever words; not of a request for a token."""
    return isinstance(error, NotFound) or (error.status == HTTPStatus.NOT_FOUND and not isinstance(error, NotSent))


def is_501(error: RingCentralError) -> bool:
    """Say whether whoever answers does not offer what was asked for, as a proxy may not; of a token as above."""
    return error.status == HTTPStatus.NOT_IMPLEMENTED and not isinstance(error, NotSent)
