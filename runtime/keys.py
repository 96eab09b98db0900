"""Every Redis key: its builder, its type, its owner and how long it lives.

Keys of an account carry its name as a hash tag, so that all of one account's keys stay together wherever they are.
The two public outputs (`OUTCOMES`, the live channels) are the contract's; everything else is our own business.
"""

PREFIX = "legwork:"

OUTCOMES = "legwork:outcomes"
"""Stream. Every event told to the world. Written by track and resolve, trimmed by upkeep to the retention."""

BELLS = "legwork:bells"
"""Sorted set, `stage|account` by the time (seconds) the clock rings it next. Written by every stage's commits."""

METRICS = "legwork:metrics"
"""Hash, metric and labels -> count, of all processes. Lives for ever, but for those of destinations that are gone."""

DESTINATIONS = "legwork:destinations"
"""Hash, id -> destination as JSON. Written by `runtime.deliveries.destinations`; it lives until it is removed."""

LISTENING = "legwork:destinations:listening"
"""Set. Destinations whose bell is rung by whatever is published: not those paused, disabled or left alone for now."""

ACTIONS = "legwork:actions"
"""Stream. Who did what by hand: JSON in `action`, and a `mark`. Written by web, trimmed by upkeep to the retention."""

OPERATED = "legwork:destinations:operator"
"""Set. Destinations that are told of operator events. Written by `runtime.deliveries.destinations`."""

OPERATOR = "legwork:operator"
"""Stream. Events for whoever runs Legwork, each as in `OUTCOMES`. Written by `runtime.operator_log`; the retention."""

ALERTS = "legwork:alerts"
"""Hash, `what|subject` -> the alert that is on, as JSON. Written by `runtime.operator_log`; gone when it is over."""

ACCOUNTS = "legwork:accounts"
"""Set. Accounts of which upkeep keeps something: one that leaves the settings stays until its retention is over."""

TIDIED = "legwork:tidied"
"""String, seconds. When upkeep last did what is no account's own. Lives for ever."""

ATTENDED = "legwork:attended"
"""String, seconds. Since when upkeep has come by without a rest of minutes. Written by it; lives for ever."""

RETENTION = "legwork:retention"
"""String. The retention that upkeep goes by, and shorter ones before it, by `runtime.lifetimes`. Lives for ever."""

LIVE = "legwork:live"
"""Pub/Sub channel. All events, and what happens during calls."""


def ended_session(visit: str) -> str:
    """String. A session of the dashboard somebody has left. Web's; lives until the session would have ended itself."""
    return f"{PREFIX}left:{visit}"


def tally(minute: str) -> str:
    """Hash, outcome -> calls whose first outcome was published in this minute (UTC). Written with the event."""
    return f"{PREFIX}tally:{minute}"


def live(account: str, extension_id: str | None = None) -> str:
    """Pub/Sub channel. The same, of one account, or of one extension in it."""
    return f"{LIVE}:{account}:{extension_id}" if extension_id else f"{LIVE}:{account}"


def inbox(account: str) -> str:
    """Stream. Notifications as they came: `body`. Written by web, trimmed by upkeep to the inbox retention."""
    return f"{PREFIX}{{{account}}}:inbox"


def inbox_cursor(account: str) -> str:
    """String. Id of the last inbox entry that is folded. Written by track; lives for ever."""
    return f"{PREFIX}{{{account}}}:cursor"


def quarantine(account: str) -> str:
    """Stream. Inbox entries no notification could be read from: `reason`, `inboxId`, `body`. Written by track."""
    return f"{PREFIX}{{{account}}}:quarantine"


def session(account: str, telephony_session_id: str) -> str:
    """String. One tracked session, encoded by `runtime.ledger`. Lives for the retention after its last change."""
    return f"{PREFIX}{{{account}}}:session:{telephony_session_id}"


def resolution(account: str, telephony_session_id: str) -> str:
    """String. What became of one session, encoded by `runtime.ledger`. Resolve's; lives for the retention."""
    return f"{PREFIX}{{{account}}}:resolution:{telephony_session_id}"


def records(account: str, telephony_session_id: str) -> str:
    """String. The call-log records of one session seen so far, encoded by `runtime.ledger`. Resolve's; half an hour."""
    return f"{PREFIX}{{{account}}}:records:{telephony_session_id}"


def older_id(account: str, session_id: str) -> str:
    """String. As JSON, the sessions whose records carry only this id; see `older_ids`. Resolve's; the retention."""
    return f"{PREFIX}{{{account}}}:older-id:{session_id}"


def links(account: str, telephony_session_id: str) -> str:
    """String. The links found of one session, a line each, by `runtime.links`. Appended to; lives for the retention."""
    return f"{PREFIX}{{{account}}}:links:{telephony_session_id}"


def relinked(account: str) -> str:
    """Sorted set. Sessions in whose conversation a link is new, by the time (seconds) it was found. Resolve's."""
    return f"{PREFIX}{{{account}}}:relinked"


def revisions(account: str, telephony_session_id: str) -> str:
    """Hash, revision -> id of its entry in the outcome log. Written with the entry; lives for the retention."""
    return f"{PREFIX}{{{account}}}:revisions:{telephony_session_id}"


def quiet(account: str) -> str:
    """Sorted set. Sessions whose parties are all gone, by the time (seconds) the quiet pause is over. Track's."""
    return f"{PREFIX}{{{account}}}:quiet"


def due(account: str) -> str:
    """Sorted set. Sessions the call log must be asked about, by the time (seconds) of the next look. Resolve's."""
    return f"{PREFIX}{{{account}}}:due"


def open_sessions(account: str) -> str:
    """Sorted set. Sessions that have not ended, by the time (seconds) of their last notification. Track's."""
    return f"{PREFIX}{{{account}}}:open"


def calls(account: str) -> str:
    """Sorted set. Every call we know of, by the time (seconds) it began. Track's and resolve's; upkeep trims it."""
    return f"{PREFIX}{{{account}}}:calls"


def calls_by(account: str, kind: str, value: str) -> str:
    """Sorted set. The calls of one number (digits), extension, direction, outcome or state. As long as its calls."""
    return f"{PREFIX}{{{account}}}:calls:{kind}:{value}"


def listed(account: str) -> str:
    """Sorted set. Every call RingCentral's log has shown, by when it began (seconds). Resolve's; upkeep trims it."""
    return f"{PREFIX}{{{account}}}:listed"


def suppressed(account: str) -> str:
    """Hash, session -> why nothing is told of it, though it is known: it was erased. Lives as long as it is listed."""
    return f"{PREFIX}{{{account}}}:suppressed"


def audited(account: str) -> str:
    """Hash, hour -> its calls as they were counted once they had their last word. `runtime.audit`'s; the retention."""
    return f"{PREFIX}{{{account}}}:audited"


def completeness(account: str) -> str:
    """String. Where all calls stood when upkeep counted them last, encoded by `runtime.completeness`."""
    return f"{PREFIX}{{{account}}}:completeness"


def ringouts(account: str) -> str:
    """Sorted set. RingOuts, by the time (seconds) they were asked for. `runtime.ringout_wishes`'; upkeep trims it."""
    return f"{PREFIX}{{{account}}}:ringouts"


def ringout(account: str, ringout_id: str) -> str:
    """String. One RingOut as JSON. Made by `runtime.ringout_wishes`, then the ringout stage's. The retention."""
    return f"{PREFIX}{{{account}}}:ringout:{ringout_id}"


def ringout_asked(account: str, digest: str) -> str:
    """String. The RingOut that was made for an Idempotency-Key, and a digest of what it asked for. The retention."""
    return f"{PREFIX}{{{account}}}:ringout-asked:{digest}"


def ringouts_due(account: str) -> str:
    """Sorted set. RingOuts to look after, by the time (seconds) of it. The ringout stage's."""
    return f"{PREFIX}{{{account}}}:ringouts-due"


def ringout_cancel(account: str, ringout_id: str) -> str:
    """String. Somebody wants this RingOut cancelled. Written by `runtime.ringout_wishes`; lives for an hour."""
    return f"{PREFIX}{{{account}}}:ringout-cancel:{ringout_id}"


def ringout_sessions(account: str) -> str:
    """Sorted set. Sessions that are RingOuts, by when they began (seconds). Track's and resolve's; upkeep trims it."""
    return f"{PREFIX}{{{account}}}:ringout-sessions"


def comparisons(account: str) -> str:
    """Hash, id -> a stretch of the call log to compare with what we know, as JSON. Resolve's, asked for by others."""
    return f"{PREFIX}{{{account}}}:comparisons"


def subscription(account: str) -> str:
    """String. The subscription as the guardian left it, as JSON. Lives for ever."""
    return f"{PREFIX}{{{account}}}:subscription"


def reminded(account: str) -> str:
    """String. When RingCentral reminded us to renew the subscription, in seconds. Track's; until it is renewed."""
    return f"{PREFIX}{{{account}}}:reminded"


def silences(account: str) -> str:
    """Hash, session -> what was found when it was silent for too long, as JSON. The guardian's; while it is open."""
    return f"{PREFIX}{{{account}}}:silences"


def over(account: str) -> str:
    """Sorted set. Silent sessions found to be over, by when (seconds). Written by the guardian, taken over by track."""
    return f"{PREFIX}{{{account}}}:over"


def unheard(account: str) -> str:
    """Sorted set. Calls the log showed and no notification told of, by when they began (seconds). Resolve's; a day."""
    return f"{PREFIX}{{{account}}}:unheard"


def heard(account: str) -> str:
    """String. The inbox's last id, where it is later than now, and when upkeep saw that it is. Lives for ever."""
    return f"{PREFIX}{{{account}}}:heard"


def refused(account: str) -> str:
    """String. How many notifications Redis did not take, and when upkeep saw that there are more. Lives for ever."""
    return f"{PREFIX}{{{account}}}:refused"


def asking(account: str) -> str:
    """String. How far the call log has been asked, encoded by `runtime.asking`. Resolve's; lives for ever."""
    return f"{PREFIX}{{{account}}}:asking"


def rereads(account: str) -> str:
    """Sorted set. Minutes in which calls began, by the time (seconds) their records are looked at again. Resolve's."""
    return f"{PREFIX}{{{account}}}:rereads"


def first_wait(account: str) -> str:
    """String. Seconds after a call at which its record is first looked for. Resolve's; lives for ever."""
    return f"{PREFIX}{{{account}}}:first-wait"


def replays(account: str) -> str:
    """Sorted set. Replays and backfills of the account, by when they were asked for (seconds). Trimmed by upkeep."""
    return f"{PREFIX}{{{account}}}:replays"


def replays_due(account: str) -> str:
    """Sorted set. Replays that are not over, by the time (seconds) they go on. Written by who asks, then replay's."""
    return f"{PREFIX}{{{account}}}:replays:due"


def replays_asked(account: str) -> str:
    """Hash, what is asked for -> the replay of it that is not over: asking twice is asking once. Lives for ever."""
    return f"{PREFIX}{{{account}}}:replays:asked"


def replay(account: str, replay_id: str) -> str:
    """Hash, `asked`, `progress` and `cancelled` of one replay. Lives for the retention after its last change."""
    return f"{PREFIX}{{{account}}}:replay:{replay_id}"


def replay_calls(account: str, replay_id: str) -> str:
    """Sorted set. Calls a replay has yet to look at, by when they began (seconds). Lives as long as the replay."""
    return f"{PREFIX}{{{account}}}:replay:{replay_id}:calls"


def replay_found(account: str, replay_id: str) -> str:
    """Hash, call -> what a replay would change of it, or did, as JSON. Lives as long as the replay."""
    return f"{PREFIX}{{{account}}}:replay:{replay_id}:found"


def replay_missing(account: str, replay_id: str) -> str:
    """Set. Calls of a replay of which RingCentral has no final record, or no event is stored. Lives as long as it."""
    return f"{PREFIX}{{{account}}}:replay:{replay_id}:missing"


def lease(account: str, stage: str) -> str:
    """Hash, `token` and `commits`. Who runs this stage of this account. Lives until its runner stops renewing it."""
    return f"{PREFIX}{{{account}}}:lease:{stage}"


def rung(account: str, stage: str) -> str:
    """String. A bell of this stage is waiting in its queue or being served. Lives for seconds."""
    return f"{PREFIX}{{{account}}}:rung:{stage}"


def access_token(account: str, digest: str) -> str:
    """String. RingCentral's access token for the credentials of this digest, sealed with them. As long as it lives."""
    return f"{PREFIX}{{{account}}}:token:{digest}"


def budget(account: str, group: str) -> str:
    """Hash. Token bucket and gate of one rate-limit group of the account's user. Lives for two hours after use."""
    return f"{PREFIX}{{{account}}}:budget:{group}"


def granted(account: str, group: str) -> str:
    """List. When requests of one rate-limit group were granted, newest first. Lives for two hours after use."""
    return f"{PREFIX}{{{account}}}:budget:{group}:granted"


def breaker(account: str) -> str:
    """Hash. Until when RingCentral is left alone, and why. Lives until it answers again, at most a day."""
    return f"{PREFIX}{{{account}}}:breaker"


def secrets(destination: str) -> str:
    """String. What a destination signs with, sealed by `runtime.deliveries.sealing`. Lives with it."""
    return f"{PREFIX}{{{destination}}}:secrets"


def delivery_cursor(destination: str) -> str:
    """Hash, `place` of the last log entry taken up, the count `taken`, and when one `asked` for was so. Deliver's."""
    return f"{PREFIX}{{{destination}}}:cursor"


def waiting(destination: str) -> str:
    """Hash, call -> its events that wait to be sent (again), encoded by `runtime.deliveries.waiting`. Deliver's."""
    return f"{PREFIX}{{{destination}}}:waiting"


def retries(destination: str) -> str:
    """Sorted set. Calls with waiting events, by the time (seconds) the first of them is sent. Deliver's."""
    return f"{PREFIX}{{{destination}}}:retries"


def asked(destination: str) -> str:
    """Sorted set. Events somebody asked to be sent (again), by the time (seconds) of it. Deliver's; the retention."""
    return f"{PREFIX}{{{destination}}}:asked"


def delivered(destination: str, telephony_session_id: str) -> str:
    """String. The highest revision of a call the destination has taken. Deliver's; lives for the retention."""
    return f"{PREFIX}{{{destination}}}:delivered:{telephony_session_id}"


def attempts(destination: str) -> str:
    """Stream. Every attempt as JSON, in `attempt`. Written by deliver, trimmed by upkeep to the retention."""
    return f"{PREFIX}{{{destination}}}:attempts"


def attempts_of_call(account: str, telephony_session_id: str) -> str:
    """List. The last attempts for one call, to all destinations, as JSON. Deliver's; lives for the retention."""
    return f"{PREFIX}{{{account}}}:attempts:{telephony_session_id}"


def dead(destination: str) -> str:
    """Hash, event id -> dead letter as JSON. Written by deliver and upkeep, kept for the retention."""
    return f"{PREFIX}{{{destination}}}:dead"


def health(destination: str) -> str:
    """String. Breaker, and since when every attempt has failed, encoded by the deliver stage. Lives with it."""
    return f"{PREFIX}{{{destination}}}:health"
