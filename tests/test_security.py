"""What must hold for the whole repository: no secret in a command line, and a bill of all that is run."""

import json
import re
import subprocess
import sys
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from scripts.sbom import bill
from scripts.supervisor.procfile import processes
from scripts.venv import ROOT
from telephony.call_log import MalformedPage, decode_page, decode_sync
from telephony.notifications import Malformed, Notification, read

SECRET = re.compile(r"SECRET|TOKEN|JWT|PASSWORD|REDIS_URL|_KEY", re.IGNORECASE)
WORDS = ("uuid", "event", "body", "sequence", "parties", "status", "code", "telephonySessionId", "from", "to", "id")
ENVELOPE = "/restapi/v1.0/account/1/telephony/sessions"

names = st.sampled_from(WORDS) | st.text(max_size=4)
nearly_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(ENVELOPE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
    max_leaves=25,
)
nearly_sessions = st.fixed_dictionaries({"uuid": st.text(), "event": st.just(ENVELOPE), "body": nearly_json})


def test_no_process_is_given_a_secret_by_its_command_line() -> None:
    commands = [entry.command for entry in processes()]

    assert [command for command in commands if SECRET.search(command)] == []


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_of_notifications_stumble(body: bytes) -> None:
    assert read(body)


@given(nearly_json | nearly_sessions)
def test_nothing_that_is_nearly_a_notification_makes_its_reader_stumble(document: object) -> None:
    for item in read(json.dumps(document).encode()):
        assert isinstance(item, Notification | Malformed)


@given(st.binary(max_size=300), nearly_json)
def test_nothing_makes_the_reader_of_the_call_log_fail_otherwise_than_it_says(body: bytes, document: object) -> None:
    for text in (body, json.dumps({"records": [document]}).encode(), json.dumps(document).encode()):
        for decode in (decode_page, decode_sync):
            with suppress(MalformedPage):
                decode(text)


def test_the_bill_of_materials_lists_every_pinned_package_once() -> None:
    pinned = re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE | re.IGNORECASE)
    written = bill((ROOT / "requirements.txt").read_text())

    assert sorted(one["name"] for one in written["components"]) == sorted(name.lower() for name in pinned)
    assert all(one["purl"].startswith("pkg:pypi/") for one in written["components"])


def test_the_command_prints_the_bill() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts" / "sbom.py"], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)["bomFormat"] == "CycloneDX"
