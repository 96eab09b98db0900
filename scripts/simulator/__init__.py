"""RingCentral in a box: a faithful stand-in for the parts of the platform we use.

It serves OAuth tokens, webhook subscriptions with the real handshake, telephony-session
notifications, the call log with its lag and its provisional records, rate limits with
penalties, and the documented errors. It knows the right outcome of every call it plays
from tables written by hand (`scenarios/`) and never from our own rules.

A call counts by its telephony sessions: a warm transfer and a parked call that is picked
up make two each, and have two rows in the truth. Any 39 sessions in a row hold every kind
of scenario but those that are played only by name. Speed divides lengths, lags and delays
of a play; times stay true to the clock.

The control API, beside RingCentral's own routes:

- `POST /simulator/calls` with `{"count": N, "rate": sessions a second, "scenario": name or
  null, "speed": 1}` starts playing and answers 201 `{"telephonySessionIds": [...]}`.
- `GET /simulator/truth` answers `{"items": [{"telephonySessionId", "scenario", "direction",
  "outcome", "callerStatus", "calleeStatus", "callerOutcome", "calleeOutcome", "linkedSessions",
  "conversation", "agents", "played", "heard", "acknowledged", "endedAt", "recorded",
  "recordVisibleAt"}]}`; the two times are null until they have come, `played` says that all
  notifications have been sent, `heard` that each was answered 200, `acknowledged` names those
  that were, by their sequences, and `recorded` says that the record has got its recording.
- `GET /simulator/status` counts calls, requests by group and status, 429s, requests during
  a penalty, and webhooks; shows the subscriptions; and counts under `felt` how often each fault made a difference.
- `GET /simulator/requests` lists every API request: time, group, path, status, duringPenalty.
- `GET /simulator/ringouts` lists the RingOuts placed through the API; `POST` with a plan (see
  `ringouts.Plan`) says how further ones go. Without one the last digits of the number called
  decide: +1...555-0151 to 0158 are the troubles of `ringouts.SCENARIO_BY_ENDING`.
- `GET /simulator/scenarios` and `GET /simulator/faults` list what there is.
- `POST /simulator/faults` with `{"fault": name, ...}` switches a fault, see `fault_table`.
- `POST /simulator/notifications` with a list of notifications posts them, in that order, to
  every subscription and answers `{"statuses": [...]}`.

What is wrong in a control request is answered 400 `{"error": why}`.
"""

from scripts.simulator.configuration import Configuration
from scripts.simulator.running import RunningSimulator, running_simulator
from scripts.simulator.scenarios import SCENARIOS
from scripts.simulator.world import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, OWNER_ID, USER_JWT

__all__ = [
    "ACCOUNT_ID",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "OWNER_ID",
    "SCENARIOS",
    "USER_JWT",
    "Configuration",
    "RunningSimulator",
    "running_simulator",
]
