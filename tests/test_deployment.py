"""The container, compose and Kubernetes files name what there is, and give no process more than it needs."""

import re
from typing import Any

import pytest
import yaml

from runtime import settings
from runtime.bells import Stage
from scripts.supervisor.procfile import process
from scripts.venv import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
MANIFESTS: list[dict[str, Any]] = list(yaml.safe_load_all((ROOT / "deploy/kubernetes/legwork.yaml").read_text()))
DEPLOYMENTS = {one["metadata"]["name"]: one["spec"] for one in MANIFESTS if one["kind"] == "Deployment"}
OURS = {name: one for name, one in COMPOSE["services"].items() if name != "redis"}
EVERYBODY = {"webhooks", "ops", "clock", *(stage.value for stage in Stage)}
NOBODY = "10001"
SETTINGS = {row[0] for row in settings._SETTINGS.values()} | settings._OF_ACCOUNT | {"REDIS_URL"}
SECRETS = {
    "ADMIN_TOKEN",
    "READ_TOKEN",
    "RC_APP_CLIENT_ID",
    "RC_APP_CLIENT_SECRET",
    "RC_USER_JWT",
    "RC_VERIFICATION_TOKEN",
    "SECRETS_KEY",
}
CREDENTIALS = set(settings._CREDENTIALS)
OF_WEB = {
    "webhooks": {"RC_VERIFICATION_TOKEN"},
    "ops": {"ADMIN_TOKEN", "READ_TOKEN", "SECRETS_KEY"},
}
"""The secrets of those that are no workers."""

OF_WORKERS: dict[str, set[str]] = {
    "track": set(),
    "clock": set(),
    "deliver": {"SECRETS_KEY"},
    "resolve": CREDENTIALS,
    "replay": CREDENTIALS,
    "ringout": CREDENTIALS,
    "upkeep": CREDENTIALS | {"RC_VERIFICATION_TOKEN", "SECRETS_KEY"},  # commands are run in its container
}
"""The secrets of workers. Who talks to anybody's endpoints has no key to RingCentral, and nobody the admin's token."""

OF_EACH = OF_WEB | OF_WORKERS
FREE = SETTINGS - SECRETS - {"REDIS_URL", "WEB_ROLE", "PORT"}
"""What nobody has to keep to himself, and anybody may set."""

OF_A_POD = {
    "webhooks": {"LOG_LEVEL", "LOG_FORMAT"},
    "ops": {"LOG_LEVEL", "LOG_FORMAT", "ALLOW_PRIVATE_DESTINATIONS", "RETENTION_SECONDS"},
}
"""The free settings that a pod reads which is not given the whole Secret."""


def test_the_container_serves_as_the_procfile_does_and_as_nobody() -> None:
    served = process("web").command.replace("$PORT", '\\"$PORT\\"')

    assert served in DOCKERFILE
    assert f"USER {NOBODY}:{NOBODY}" in DOCKERFILE
    assert len(re.findall(r"^FROM python:3\.\d+-slim-\w+", DOCKERFILE, re.MULTILINE)) == 2


def test_the_container_holds_every_package_of_ours_and_no_secret() -> None:
    for package in ("telephony", "runtime", "web", "workers", "scripts"):
        assert f"COPY {package} {package}" in DOCKERFILE
    assert "requirements.txt" in DOCKERFILE.rpartition("\nFROM ")[2]  # the doctor compares the libraries with it
    assert "COPY .env" not in DOCKERFILE
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def test_nobody_may_read_what_the_container_holds_whatever_umask_it_was_cloned_with() -> None:
    after = DOCKERFILE.rpartition("\nFROM ")[2]
    held = {word for words in re.findall(r"^COPY (?!--)(.+) \S+$", after, re.MULTILINE) for word in words.split()}

    (opened,) = re.findall(r"chmod -R a\+rX (.+)", after)
    assert set(opened.split()) == held


def test_scripts_have_the_ends_of_lines_that_a_container_needs_wherever_they_are_checked_out() -> None:
    assert "* text=auto eol=lf" in (ROOT / ".gitattributes").read_text().splitlines()


@pytest.mark.parametrize("deployed", [OURS, DEPLOYMENTS], ids=["compose", "kubernetes"])
def test_every_process_is_deployed(deployed: dict[str, Any]) -> None:
    assert set(deployed) == EVERYBODY


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_of_compose_is_given_nothing_it_does_not_need(name: str) -> None:
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_pod_is_given_nothing_it_does_not_need(name: str) -> None:
    pod = DEPLOYMENTS[name]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    assert DEPLOYMENTS[name]["selector"]["matchLabels"] == DEPLOYMENTS[name]["template"]["metadata"]["labels"]


def test_who_looks_after_a_redis_that_is_not_well_is_not_kept_from_the_dashboard() -> None:
    probed = {name: DEPLOYMENTS[name]["template"]["spec"]["containers"][0]["readinessProbe"] for name in OF_WEB}

    assert {name: probe["httpGet"]["path"] for name, probe in probed.items()} == {
        "webhooks": "/readyz",
        "ops": "/healthz",
    }


def test_an_upgrade_takes_no_pod_away_that_the_autoscaler_has_brought() -> None:
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in MANIFESTS if one["kind"] == "HorizontalPodAutoscaler"}

    assert scaled == {"webhooks"}
    assert all("replicas" not in DEPLOYMENTS[name] for name in scaled)


def test_no_setting_is_misspelt() -> None:
    compose = {setting for one in OURS.values() for setting in one.get("environment", {})}
    pods = {
        variable["name"]
        for spec in DEPLOYMENTS.values()
        for variable in spec["template"]["spec"]["containers"][0].get("env", ())
    }

    assert compose | pods <= SETTINGS | {"REDIS_URL_WEBHOOKS", "REDIS_URL_OPS"}


@pytest.mark.parametrize("name", OURS)
def test_every_setting_reaches_a_container_of_compose_and_only_its_secrets_do(name: str) -> None:
    given = set(OURS[name]["environment"])

    assert given >= FREE
    assert given & SECRETS == OF_EACH[name]


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_setting_that_a_pod_reads_reaches_it_and_only_its_secrets_do(name: str) -> None:
    (container,) = DEPLOYMENTS[name]["template"]["spec"]["containers"]
    given = {variable["name"] for variable in container["env"]}
    emptied = {variable["name"] for variable in container["env"] if variable.get("value") == ""}

    if name in OF_WEB:
        assert given >= OF_A_POD[name]
        assert (given & SECRETS, emptied) == (OF_WEB[name], set())
    else:
        assert container["envFrom"] == [{"secretRef": {"name": "legwork"}}]
        assert given - emptied == {"REDIS_URL"}
        assert SECRETS - emptied == OF_WORKERS[name]
        assert emptied - SECRETS == {"REDIS_URL_WEBHOOKS", "REDIS_URL_OPS"}


def test_redis_is_found_well_only_when_it_answers_to_the_password_there_is() -> None:
    redis = COMPOSE["services"]["redis"]

    assert "grep -q PONG" in redis["healthcheck"]["test"][1]
    assert "change-me" not in redis["healthcheck"]["test"][1]
    assert redis["healthcheck"]["test"][1].startswith('REDISCLI_AUTH="$$READER_PASSWORD" ')  # not among its arguments
    assert redis["healthcheck"]["test"][1].count("PASSWORD") == 1
    assert redis["environment"]["READER_PASSWORD"] == "${READER_PASSWORD:-change-me-reader}"
