"""Draw the page of RingOuts: how the status of one is found, with the tables the code goes by."""

from typing import Final

from runtime.ringouts import CANCEL_MEANINGS
from scripts.reference.markdown import table
from telephony.ringout import CALLEE_LEG_TYPES, CALLER_LEG_TYPES
from telephony.ringout_link import APART, EARLIEST, IN_DOUBT, LATEST, NEIGHBOURS, RULES, UNLINKED
from telephony.ringout_refusals import REFUSALS
from telephony.ringout_status import PACES, PHASE_MEANINGS, PHASE_RULES, SHARE_SECONDS, WORDS, Word
from workers.ringout_steps import OVER_BECAUSE, PATIENCE_SECONDS


def ringout_page() -> str:
    """Draw docs/ringout.md."""
    sections = (_words(), _paces(), _over(), _linking(), _sides(), _placing(), _cancelling())
    return "\n".join((_HEAD, *sections, _FOOT))


def _words() -> str:
    rows = ((f"`{text}`", word.means, f"`{word.phase}`", _expected(word)) for text, word in WORDS.items())
    phases = ((f"`{phase}`", text) for phase, text in PHASE_MEANINGS.items())
    rules = ((str(number), f"`{rule.phase}`", rule.because) for number, rule in enumerate(PHASE_RULES, start=1))
    return f"""## 1. The live status

`callStatus`, `callerStatus` and `calleeStatus` are shown verbatim, in `live` and in `history`. Inside, each word has a
phase. Case does not matter; a word never seen says nothing, and is counted by its text.

{table(("word", "means", "phase", "the call log should say"), rows)}
{table(("phase", "what is done"), phases)}
Three words become one phase by the first of these that applies:

{table(("", "phase", "because"), rules)}
Where the last live word of a party is at odds with what the call log says became of it, the call log wins, and the
event's `explanation` has an entry `ringout-live-overruled` with the live word as its value.
"""


def _expected(word: Word) -> str:
    if word.expects is not None:
        return f"`{word.expects}`"
    return "anything but `answered`" if word.unreached else ""


def _paces() -> str:
    rows = (
        (f"`{phase}`", "; ".join(f"every {pace.every:g} s{_until(pace.until)}" for pace in paces))
        for phase, paces in PACES.items()
    )
    return f"""The status is asked for within the budget of RingCentral's Light group, of which following takes half at
most: with several RingOuts at a time each is looked at every {SHARE_SECONDS:g} s times their number, or less often.
Seconds are counted from the last change.

{table(("phase", "looked at"), rows)}"""


def _until(seconds: float) -> str:
    return " from then on" if seconds == float("inf") else f" until {seconds:g} s"


def _over() -> str:
    rows = ((f"`{word}`", because) for word, because in OVER_BECAUSE.items())
    return f"""## 2. The end of the live status

`liveOver` says why there is no more of it. None of these says how the call ended.

{table(("`liveOver`", "because"), rows)}
The session is then handed to the stage that asks the call log: it looks at the calls that began at that minute, whether
notifications tell of the end or not.
"""


def _linking() -> str:
    rules = ((f"`{name}`", because) for name, because in RULES.items())
    before, after, apart = -EARLIEST.total_seconds(), LATEST.total_seconds(), APART.total_seconds()
    nearest, farthest = NEIGHBOURS.start, NEIGHBOURS.stop - 1
    none = "\n".join(f"* {because}" for because in UNLINKED)
    return f"""## 3. Which sessions are its

{table(("rule", "evidence"), rules)}
A session may have begun {before:g} s before to {after:g} s after the RingOut was placed. The second session of a
RingOut has `from` and `to` swapped, began within {apart:g} s of the first, and its `sessionId` is {nearest} to
{farthest} away. All of it must be so, and of one session only: what fits two is linked to neither. `linking.because`
then says which of these it is:

{none}

The evidence is looked at again for a quarter of an hour after the end, and whenever a session that may be the RingOut's
is judged later. Events of the linked sessions carry `trigger: ringout` and each other in `linkedSessions`, and the rule
in their `explanation`.

What an id has linked stays. What the evidence has linked is taken back when something else turns out to fit as well:
the RingOut names in `linking.doubted` what may be its sessions, and each session that was told to be the RingOut's has
a revision with `trigger`, and what else differs, in `changed`. Its `explanation` has an entry `{IN_DOUBT}` that says
why; so has that of a session that was never linked because another fits as well.
"""


def _sides() -> str:
    rows = (
        ("`callerStatus`", ", ".join(f"`{word}`" for word in CALLER_LEG_TYPES)),
        ("`calleeStatus`", ", ".join(f"`{word}`" for word in CALLEE_LEG_TYPES)),
    )
    return f"""## 4. The call log

The statuses of both sides are the `result` of their legs in the Detailed record, verbatim:

{table(("", "the leg of type"), rows)}
A side without a leg was never called: its status is null and its outcome `not_attempted`, as when the caller is busy.
Where the caller had answered by then, the outcome is `cancelled`, but for a RingOut by one leg or a second session.
[How a call ended](reference/outcomes.md) has the rules beyond that.
"""


def _placing() -> str:
    rows = (
        (f"`{code}`", refused.detail, f"`{refused.pointer}`" if refused.pointer else "")
        for code, refused in REFUSALS.items()
    )
    return f"""## Placing

A RingOut is placed once. The same `Idempotency-Key` gives the same RingOut, whatever became of it, and the problem
`conflict` where its record was erased; each account has keys of its own. What RingCentral may have heard of is never
asked for again: when the process is killed between asking and writing down the answer, or the answer is lost, `placing`
is `uncertain` and the evidence tells whether there is a call. One that cannot be placed within {PATIENCE_SECONDS:g} s,
because the budget is spent or RingCentral is away, is not placed later.

What RingCentral has against it comes back as a problem document `ringout-not-placed` with its code; where the answer
takes longer than two seconds the POST answers 201, and `GET` has it in `problem`.

{table(("RingCentral's code", "detail", "field"), rows)}"""


def _cancelling() -> str:
    rows = ((f"`{word}`", means) for word, means in CANCEL_MEANINGS.items())
    return f"""## Cancelling

`DELETE` answers 204 once it is cancelled, also when asked again, and 202 while RingCentral's answer is not known; `GET`
has it in `cancel` then. Where nothing was cancelled it is the problem `conflict`, whose detail says why.

{table(("`cancel`", "means"), rows)}
RingCentral is asked as long as there may be a call that is not connected, also when its status is gone or not shown.
"""


_HEAD: Final = """\
# How a RingOut's status is found

Generated by `scripts/generate_docs.py` from the tables the code goes by; do not edit.

RingCentral has two places for it. The RingOut Status API speaks while the call is on and a short time later, then it
answers 404. The call log has the result of each leg, but only once the call is over. Legwork reads both and gives one
answer for the whole life of a RingOut:

```sh
./scripts/ringout.py call +16505550101 +12125550111 --watch
```

```http
POST /api/v1/ringouts
Idempotency-Key: 6f2c…

{"from": {"phoneNumber": "+16505550101"}, "to": {"phoneNumber": "+12125550111"}}
```

`GET /api/v1/ringouts/<id>` answers with `state`, `live`, `telephonySessionIds` and `outcome`, also when RingCentral has
long forgotten it. `POST` with `{"ringOutId": …}` follows one that another program has placed; `DELETE` cancels one
whose sides are not connected yet.

| `state` | means | from |
| - | - | - |
| `calling` | it is asked for, ringing, or connected | the live status |
| `ended` | there is nothing more to see live, or it was never placed (`problem`) | the live status, the notifications |
| `resolved` | `outcome` says how it ended | the call log |
"""

_FOOT: Final = """\
## Watching

While it is on, each change of the live status is told on the live channels as `legwork.call.updated` with `ringout` in
its `data` ([Events](reference/events.md)). RingCentral in a box plays all of it: the last four digits of the number
called choose (0151 caller busy, 0152 callee busy, 0153 no answer, 0154 rejected, 0155 invalid number, 0156 no credit,
0157 a status that is wrong, 0158 two sessions, 0159 rings for long enough to be cancelled).
"""
