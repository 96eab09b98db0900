"""What the figures were measured on."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from scripts.supervisor.embedded import server_program

_CPUINFO = Path("/proc/cpuinfo")
_TOLD = ("flask", "granian", "rq", "redis", "requests", "msgspec")


def facts() -> dict[str, str]:
    """Name the processor, the system, the programs, and how busy the machine was before we began."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "load before": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "server": _server(),
        "packages": ", ".join(f"{name} {version(name)}" for name in _TOLD),
    }


def _processor() -> str:
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"


def _server() -> str:
    said = subprocess.run([server_program(), "--version"], capture_output=True, text=True, check=False).stdout
    return " ".join(said.split()[:3])
