"""The virtual environment, made once and refreshed when the pins change.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

EXTRAS = "book,test,cluster"
OLDEST = (3, 11)

# JupyterLab opens a text notebook as a notebook, not as text.
VIEWER = {
    "@jupyterlab/docmanager-extension:plugin": {
        "defaultViewers": {
            "markdown": "Jupytext Notebook",
            "myst": "Jupytext Notebook",
        }
    }
}


class SetupError(Exception):
    """The environment cannot be made; the text says what to do."""


def ensure(root: Path) -> Path:
    """Make or refresh ``root/.venv``; a second call finds nothing to do.

    Returns:
        The environment's Python.

    Raises:
        SetupError: this Python is too old, or an installation failed.
    """
    if sys.version_info < OLDEST:
        raise SetupError(
            f"Python is {sys.version.split()[0]}; 3.11 or newer is needed: "
            "make PYTHON=/path/to/python3.11 book"
        )
    venv = root / ".venv"
    python = interpreter(venv)
    stamp = venv / "depthlib.stamp"
    wanted = fingerprint(root)
    if python.exists() and _read(stamp) == wanted:
        return python
    began = time.perf_counter()
    if not _pip_works(python):
        create(venv)
    pip = [str(python), "-m", "pip", "install", "-c", "constraints.txt"]
    pip += ["--disable-pip-version-check"]
    pip += [] if sys.stdout.isatty() else ["--quiet"]
    # Alone and first: a range resolved with nothing installed may take a
    # different build of torch than the pinned one.
    step("torch", [*pip, "torch"], root)
    step("depthlib", [*pip, "-e", f".[{EXTRAS}]"], root)
    prefer_notebooks(venv)
    write(stamp, wanted)
    print(f"environment ready in {time.perf_counter() - began:.0f} s")
    return python


def create(venv: Path) -> None:
    """A new empty environment, in place of a broken one.

    Raises:
        SetupError: this Python lacks the module ``venv``.
    """
    print("making .venv", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    if subprocess.run(command, check=False).returncode:
        raise SetupError(
            f"{sys.executable} could not make {venv}; on Debian and Ubuntu "
            "install the package python3-venv, then run the command again"
        )


def step(what: str, command: list, root: Path) -> None:
    """Run one installation."""
    print(f"installing {what}", flush=True)
    if subprocess.run(command, cwd=root, check=False).returncode:
        raise SetupError(
            f"pip could not install {what} (its reason stands above); when "
            "that is settled, the same command goes on from here"
        )


def prefer_notebooks(venv: Path) -> None:
    """Let JupyterLab open the chapters as notebooks by default."""
    folder = venv / "etc" / "jupyter" / "labconfig"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(VIEWER, indent=2) + "\n"
    write(folder / "default_setting_overrides.json", text)


def fingerprint(root: Path) -> str:
    """Hash of what the environment is made from, and of where it lies."""
    import tomllib  # not at the top: an old Python must reach its message

    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    wanted = [project["build-system"], project["project"], EXTRAS]
    pins = (root / "constraints.txt").read_text("utf-8")
    parts = [str(root.resolve()), json.dumps(wanted), pins]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def interpreter(venv: Path) -> Path:
    """The environment's Python."""
    folder = "Scripts" if os.name == "nt" else "bin"
    return venv / folder / "python"


def write(path: Path, text: str) -> None:
    """Write a text file under a temporary name, then rename."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _pip_works(python: Path) -> bool:
    if not python.exists():
        return False
    command = [str(python), "-m", "pip", "--version"]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode == 0


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
