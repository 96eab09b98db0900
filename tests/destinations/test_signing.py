"""What we sign is held against the official libraries of two languages."""

import json
import shutil
import subprocess
import time
from base64 import b64encode
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from runtime.deliveries.destinations import new_secret
from workers.destinations.signing import BrokenSecret, signed_headers

ID = "s-a0d1c72f/1"
BODY = '{"data":{"name":"Zoë"}}'.encode()


def test_a_secret_is_32_bytes_that_nobody_has_had_before() -> None:
    secrets = {new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(secret.startswith("whsec_") and len(secret) == len("whsec_") + 44 for secret in secrets)


def test_the_specifications_own_example_gives_its_signature() -> None:
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        now=1614265330.9,
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_pythons_official_library_accepts_what_we_sign() -> None:
    secret = new_secret()

    headers = signed_headers(ID, BODY, [secret], now=time.time())

    Webhook(secret).verify(BODY, headers)


def test_pythons_official_library_refuses_another_body_secret_and_time() -> None:
    secret = new_secret()
    now = time.time()

    for body, known, signed_at in ((BODY + b" ", secret, now), (BODY, new_secret(), now), (BODY, secret, now - 301)):
        with pytest.raises(WebhookVerificationError):
            Webhook(known).verify(body, signed_headers(ID, BODY, [secret], now=signed_at))


def test_while_a_secret_rotates_the_holder_of_either_can_verify() -> None:
    old, new = new_secret(), new_secret()

    headers = signed_headers(ID, BODY, [new, old], now=time.time())

    Webhook(old).verify(BODY, headers)
    Webhook(new).verify(BODY, headers)


@pytest.mark.parametrize(
    "secrets",
    [
        [],
        [""],
        ["whsec_"],
        ["whsec_not base64 at all"],
        ["whsec_" + b64encode(b"too short").decode()],
        ["whsec_" + b64encode(b"x" * 65).decode()],
    ],
    ids=["none", "empty", "bare", "no base64", "short", "long"],
)
def test_nothing_is_signed_with_what_is_no_secret(secrets: list[str]) -> None:
    with pytest.raises(BrokenSecret) as refused:
        signed_headers(ID, BODY, secrets, now=0)

    assert not any(secret in str(refused.value) for secret in secrets if len(secret) > len("whsec_"))


VERIFY_IN_NODE = """
const { Webhook } = require("standardwebhooks");
const { secrets, body, headers } = JSON.parse(require("fs").readFileSync(0));
for (const secret of secrets) new Webhook(secret).verify(body, headers);
try { new Webhook(secrets[0]).verify(body + " ", headers); } catch { console.log("verified"); }
"""


@pytest.fixture(scope="session")
def node_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install npm's official library into a folder of its own."""
    folder = tmp_path_factory.mktemp("node")
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("node and npm are not on the PATH: the check against Node's official library is left out")
    (folder / "package.json").write_text("{}")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "standardwebhooks@1"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm's registry does not answer: the check against Node's official library is left out")
    if done.returncode:
        pytest.skip(f"npm cannot install Node's official library: {done.stderr.strip()[-300:]}")
    return folder


def test_nodes_official_library_accepts_both_signatures_and_refuses_another_body(node_library: Path) -> None:
    secrets = [new_secret(), new_secret()]
    headers = signed_headers(ID, BODY, secrets, now=time.time())
    given = json.dumps({"secrets": secrets, "body": BODY.decode(), "headers": headers})

    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, "-e", VERIFY_IN_NODE], cwd=node_library, input=given, capture_output=True, text=True, check=False
    )

    assert (done.stdout.strip(), done.stderr) == ("verified", "")
