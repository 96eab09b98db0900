"""Count and log what was judged, once it is committed: what a kill undoes was never said."""

from collections.abc import Iterable

from runtime.logs import log
from runtime.metrics import OUTCOMES, PUBLISH_SECONDS, RECORD_LAG_SECONDS, REVISIONS, UNKNOWN_WORDS, Recorder
from telephony.legs import unknown_words
from workers.resolving.cases import Judged, News


def tell(account: str, committed: Iterable[Judged], recorder: Recorder) -> None:
    """Tell of judgements that were carried out."""
    for judged in committed:
        if judged.lag is not None:
            recorder.observe(RECORD_LAG_SECONDS, judged.lag)
        if judged.took is not None:
            recorder.observe(PUBLISH_SECONDS, judged.took)
        if judged.news is not None:
            _tell(account, judged.news, recorder)


def _tell(account: str, news: News, recorder: Recorder) -> None:
    event = news.event
    recorder.count(OUTCOMES, account, event.data.outcome, event.data.trigger)
    if event.data.revision > 1:
        recorder.count(REVISIONS, account)
    for record in news.records:
        for kind, word in unknown_words(record):
            recorder.count(UNKNOWN_WORDS, kind, word)
    log.info("outcome.published", account=account, session=event.subject, id=event.id)
