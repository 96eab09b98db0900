"""Put together what is known of calls, for their judgement by whoever asks about them besides resolve."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
from redis import Redis

from runtime import keys, ledger, links, outcome_log
from runtime.ledger import Resolution, Tracked
from runtime.outcome_log import Entry
from telephony import linking
from telephony.events import Trigger
from telephony.notifications import account_of
from telephony.records import CallLogRecord, last_end, newest_of_each
from telephony.ringout_link import Sighting, sighting
from telephony.sessions import Session
from telephony.times import moment_at
from workers.resolving.cases import Case
from workers.resolving.sweep import Sweep
from workers.ringout_evidence import Evidence
from workers.tracking import conversations


def cases(  # noqa: PLR0913 - each says something else of the calls
    redis: Redis,
    account: str,
    ids: Sequence[str],
    found: Mapping[str, Sequence[CallLogRecord]],
    *,
    by: Trigger,
    deliver: bool = True,
    by_sweep: Sweep | None = None,
    remembered: Collection[str] = (),
    refolded: Mapping[str, Tracked] | None = None,
) -> list[Case]:
    """Give the cases of calls whose records were just `found`; `by_sweep` tells whether those are all.

    Others may have seen newer versions meanwhile, so of each record the newest counts. `remembered` calls may have more
    records that come soon. `refolded` sessions take the place of those that are stored.
    """
    stored, resolutions, seen = ledger.all_of(redis, account, ids, told=ids)
    unreadable = stored.unreadable | resolutions.unreadable | seen.unreadable
    tracked = {**stored, **(refolded or {})}
    places = redis.zmscore(keys.due(account), list(ids)) if ids else []
    made = []
    for one, due in zip(ids, places, strict=True):
        records = newest_of_each((*seen.get(one, ()), *found.get(one, ())))
        made.append(
            Case(
                telephony_session_id=one,
                due=due,
                tracked=tracked.get(one),
                session=session_of(one, tracked.get(one), records),
                records=records,
                seen=seen.get(one, ()) if one in remembered else records,
                resolution=resolutions.get(one, Resolution()),
                asked=False,
                listed=by_sweep is not None and is_listed(by_sweep, one, tracked.get(one), records),
                by=by,
                deliver=deliver,
                unreadable=one in unreadable,
            )
        )
    return with_what_they_need(redis, account, made)


def is_listed(
    sweep: Sweep,
    telephony_session_id: str,
    tracked: Tracked | None,
    records: Sequence[CallLogRecord],
    *,
    began: datetime | None = None,
) -> bool:
    """Say whether a sweep brought all records of a call: as long as it is on, another may begin."""
    starts = [began, tracked.session.started_at if tracked else None, *(record.start_time for record in records)]
    ends = (moment_at(tracked.heard_at) if tracked else None, last_end(records))
    start = next((one for one in starts if one is not None), None)
    end = max((one for one in ends if one is not None), default=None)
    return start is not None and sweep.has_listed(telephony_session_id, start, end)


def with_what_they_need(redis: Redis, account: str, cases: Sequence[Case]) -> list[Case]:
    """Give the cases with whatever else their judgement may need, loaded for all of them together."""
    cases = with_conversations(redis, account, cases)
    near = Evidence(redis, account).near(seen for case in cases if (seen := _sighting(case)) is not None)
    published = _published(redis, account, [case.telephony_session_id for case in cases if case.may_be_revised])
    return [
        msgspec.structs.replace(case, near=tuple(near.get(one, ())), published=published.get(one))
        if (one := case.telephony_session_id) in near or one in published
        else case
        for case in cases
    ]


def _published(redis: Redis, account: str, ids: Sequence[str]) -> dict[str, Entry]:
    """Read what was published last of calls; where one entry is spoilt, nothing: its own judgement will tell."""
    try:
        return outcome_log.newest_of(redis, account, ids)
    except (LookupError, ValueError):
        return {}


def _sighting(case: Case) -> Sighting | None:
    """Say how a call looks that may be of a RingOut; what is wrong with it, its own judgement will tell."""
    with suppress(Exception):
        return sighting(case.telephony_session_id, case.session, case.records) if case.may_be_of_ringout else None
    return None


def with_conversations(redis: Redis, account: str, cases: Sequence[Case]) -> list[Case]:
    """Give the cases with the conversations they are part of, by what was found before and what their records say."""
    ids = [case.telephony_session_id for case in cases]
    stored = links.load(redis, account, ids)
    said = {case.telephony_session_id: linking.of_records(case.telephony_session_id, case.records) for case in cases}
    known = {one for some in (*stored.values(), *said.values()) for one in some}
    tracked = {case.telephony_session_id: case.tracked for case in cases if case.tracked is not None}
    gathered = conversations.gather(redis, account, known, loaded=ids, tracked=tracked)
    return [
        msgspec.structs.replace(case, gathered=gathered, new_links=said[one] - stored.get(one, frozenset()))
        for one, case in zip(ids, cases, strict=True)
    ]


def with_ringout(redis: Redis, account: str, case: Case, evidence: Evidence) -> Case:
    """Give a case with the RingOut it belongs to, by which its conversation may have more links, or less."""
    known = case.gathered.links.get(case.telephony_session_id, frozenset())
    ringout = evidence.belonging(case.telephony_session_id, case.session, case.records, known, case.near)
    case = msgspec.structs.replace(case, ringout=ringout)
    if ringout.links <= known and not ringout.withdrawn:
        return case
    gathered = conversations.gather(redis, account, known | ringout.links, without=ringout.withdrawn)
    return msgspec.structs.replace(case, gathered=gathered, new_links=case.new_links | (ringout.links - known))


def session_of(one: str, tracked: Tracked | None, records: Sequence[CallLogRecord]) -> Session | None:
    """Give the session the notifications told of, else what can be said of it from its records."""
    if tracked is not None or not records:
        return tracked.session if tracked is not None else None
    return Session(
        id=one,
        account_id=next(filter(None, (account_of(record.uri or "") for record in records)), None),
        session_id=next((record.session_id for record in records if record.session_id), None),
    )
