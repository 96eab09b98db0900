"""Whatever is asked of a route within its description and around it, it is not our fault: no answer is a 500."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from redis import Redis

from tests.builders.kept_calls import ACCOUNT, a_session_of, an_end_of, an_outcome_of, publish, see
from tests.web.api_client import ADMIN, Client, an_app
from web.api import ringouts

EXAMPLES = 4
API = "/api/v1/"
STREAM = "/api/v1/stream"
"""Its answer has no end."""

schemathesis: Any = pytest.importorskip("schemathesis", reason="./scripts/install --dev brings it")
checks: Any = pytest.importorskip("schemathesis.specs.openapi.checks")
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.response_schema_conformance,
]


@pytest.mark.filterwarnings("ignore")
def test_no_request_makes_a_fault_of_ours_and_every_answer_is_as_described(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ringouts, "WAIT_SECONDS", 0.0)  # there is no worker to wait for
    app = an_app(redis, account=ACCOUNT)
    see(redis, a_session_of(1))
    publish(redis, an_end_of(2), an_outcome_of(3))
    Client(app).add()
    described: Any = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operations = [found.ok() for found in described.get_all_operations()]
    asked = [one for one in operations if one.path.startswith(API) and one.path != STREAM]
    assert len(asked) > 20

    for operation in asked:
        _ask(operation)


def _ask(operation: Any) -> None:
    """Ask one route this and that, the same in every run."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {ADMIN}"}, checks=CHECKS)

    ask()
