"""Run the examples of docs/consumers as people would: as programs, told their settings by the environment."""

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from scripts.supervisor.environment import free_port
from tests.simulator.waiting import is_listening, wait_until

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "consumers"


class Program:
    """A running example, and what it has printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def kept(self) -> list[str]:
        """Give what it says it kept."""
        return [line.removeprefix("kept ") for line in self.lines if line.startswith("kept ")]

    def end(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self.lines += (line.rstrip("\n") for line in iter(self._process.stdout.readline, ""))


@contextmanager
def running(command: list[str], environment: Mapping[str, str], *, cwd: Path) -> Iterator[Program]:
    """Run a program while the block runs."""
    process = subprocess.Popen(
        command,
        env={"PATH": os.environ["PATH"], **environment},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    program = Program(process)
    try:
        yield program
    finally:
        program.end()


class Receiver:
    """An example that receives webhooks."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self._url = f"http://127.0.0.1:{port}/hook"

    def post(self, headers: Mapping[str, str], body: bytes) -> int:
        """Send it a request, and give the status of its answer."""
        return requests.post(
            self._url, data=body, headers={"Content-Type": "application/json", **headers}, timeout=10
        ).status_code


@contextmanager
def receiving(
    command: list[str], environment: Mapping[str, str], *, cwd: Path, port: int | None = None
) -> Iterator[Receiver]:
    """Run an example that receives, on this port, else on a port of its own."""
    port = port or free_port()
    with running(command, {**environment, "PORT": str(port)}, cwd=cwd) as program:
        wait_until(lambda: is_listening(port), seconds=30)
        yield Receiver(program, port)
