"""The web process does not start when it could not be safe."""

import os
import socket
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from runtime.settings import WebRole
from scripts.supervisor.group import Group
from scripts.supervisor.procfile import process
from scripts.supervisor.watchdog import Watchdog
from scripts.venv import ROOT
from tests.simulator.waiting import wait_until
from web.boot import whole_settings


def boot(**environ: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from web.wsgi import app; app()"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RC_")}
    return subprocess.run(
        program, cwd=ROOT, env={**plain, "REDIS_URL": "", **environ}, capture_output=True, text=True, check=False
    )


def test_the_web_process_does_not_start_without_a_token() -> None:
    ended = boot(REDIS_URL="redis://127.0.0.1:1/0")

    assert ended.returncode == 1
    assert ended.stderr == "RC_VERIFICATION_TOKEN is not set (without it anybody could post notifications)\n"


def test_all_faults_are_told_at_once() -> None:
    ended = boot(RC_VERIFICATION_TOKEN=" , ", PORT="none")

    assert ended.returncode == 1
    assert [line.split()[0] for line in sorted(ended.stderr.splitlines())] == [
        "PORT",
        "RC_VERIFICATION_TOKEN",
        "REDIS_URL",
    ]


@pytest.mark.parametrize("role", ["ops", " OPS "])
def test_who_receives_no_notifications_needs_no_token(role: str) -> None:
    whole = whole_settings({"REDIS_URL": "redis://127.0.0.1:1/0", "WEB_ROLE": role})

    assert whole.web_role is WebRole.OPS


@pytest.mark.parametrize("role", ["", "webhooks", "all"])
def test_whoever_receives_notifications_needs_one(role: str) -> None:
    with pytest.raises(SystemExit, match="RC_VERIFICATION_TOKEN is not set"):
        whole_settings({"REDIS_URL": "redis://127.0.0.1:1/0", "WEB_ROLE": role})


def test_the_web_process_starts_before_redis_does() -> None:
    assert boot(REDIS_URL="redis://127.0.0.1:1/0", RC_VERIFICATION_TOKEN="token").returncode == 0


def environ(**more: str) -> dict[str, str]:
    """Give a process what any runner of Procfiles does, and `more`."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    return {"PATH": path, "REDIS_URL": "redis://127.0.0.1:1/0", **more}


def test_a_server_that_cannot_serve_ends_and_says_once_why(watchdog: Watchdog, tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("wb") as output:
        shell = ["/bin/sh", "-c", f"exec {process('web').command}"]
        web = Group(shell, watchdog=watchdog, stdout=output, env=environ(PORT="none"), cwd=ROOT)
    try:
        wait_until(lambda: web.exit_code() is not None, seconds=30)
    finally:
        web.kill()

    assert web.exit_code() == 1
    assert sorted(line.split()[0] for line in log.read_text().splitlines()) == ["PORT", "RC_VERIFICATION_TOKEN"]


@pytest.mark.parametrize(("given", "port"), [({}, "8080"), ({"PORT": ""}, "8080"), ({"PORT": "5000"}, "5000")])
def test_the_server_listens_where_port_says_and_usually_on_8080(given: dict[str, str], port: str) -> None:
    told = subprocess.run(
        ["/bin/sh", "-c", f"exec {process('web').command.replace(' granian ', ' echo ', 1)}"],
        cwd=ROOT,
        env=environ(RC_VERIFICATION_TOKEN="token", **given),
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"--port={port}" in told.stdout.split()


def test_the_server_is_found_where_the_path_does_not_lead_to_it() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "web.boot", "granian", "--version"],
        cwd=ROOT,
        env=environ(RC_VERIFICATION_TOKEN="token", PATH=os.defpath),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stdout.split()[0]) == (0, "granian"), told.stderr


def test_the_server_is_run_in_a_folder_whose_name_means_something_to_a_shell(tmp_path: Path) -> None:
    ours = tmp_path / "$HOME of `calls`"
    venv.create(ours, symlinks=True)
    (packages,) = (ours / "lib").glob("python*/site-packages")
    (packages / "ours.pth").write_text("\n".join(sys.path))
    python, server = ours / "bin" / "python", ours / "bin" / "granian"
    server.write_text(f"""#!/bin/sh\n'''exec' "{python}" "$0" "$@"\n' '''\nprint("served")\n""")  # as pip writes it
    server.chmod(0o755)

    told = subprocess.run(
        [python, "-m", "web.boot", "granian"],
        cwd=ROOT,
        env=environ(RC_VERIFICATION_TOKEN="token"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stdout) == (0, "served\n"), told.stderr


def test_a_server_whose_port_is_taken_ends_and_says_so_in_one_line() -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        told = subprocess.run(
            ["/bin/sh", "-c", f"exec {process('web').command}"],
            cwd=ROOT,
            env=environ(RC_VERIFICATION_TOKEN="token", PORT=str(port)),
            capture_output=True,
            text=True,
            check=False,
        )

    assert (told.returncode, told.stderr) == (1, f"PORT {port} cannot be listened on: Address already in use\n")


@pytest.mark.parametrize("form", ["--host 127.0.0.1 --port={}", "--host=127.0.0.1 --port {}"])
def test_a_command_that_names_another_port_is_told_of_that_one(form: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as usual, socket.create_server(("127.0.0.1", 0)) as taken:
        ports = [str(one.getsockname()[1]) for one in (usual, taken)]
        told = subprocess.run(
            [sys.executable, "-m", "web.boot", "granian", *form.format(ports[1]).split(), "web.rsgi:app"],
            cwd=ROOT,
            env=environ(RC_VERIFICATION_TOKEN="token", PORT=ports[0]),
            capture_output=True,
            text=True,
            check=False,
        )

    assert (told.returncode, told.stderr) == (1, f"PORT {ports[1]} cannot be listened on: Address already in use\n")
