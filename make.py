#!/usr/bin/env python3
"""The house's commands: ``python make.py book``; see ``--help``.

Needs nothing but Python's standard library; everything else is installed
into ``.venv`` by the first command that wants it.
"""

from __future__ import annotations  # old Pythons must reach the message

import argparse
import functools
import http.server
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools import environment

ROOT = Path(__file__).resolve().parent
HTML = ROOT / "_build" / "html"
HELP = """commands:
  book              execute what changed, render, print the page to open
  chapter NAME      run one chapter, e.g. losses/study
  test              lint, unit tests, every chapter, checks of the pages
  lab               open the chapters as notebooks in JupyterLab
  serve             serve the rendered book on this machine
  clean             delete _build (not .venv, data or records)

options of book and chapter:
  --profile NAME    smoke (default), quick, study, gpu, paper
  --seed N          seed given to every chapter
  --data-root PATH  where real data sets lie
  --jobs N          chapters at a time (default 2)
  --output PATH     folder that gets _build (default: here)
"""


def book(rest: list[str], command: str = "book") -> int:
    """Execute what changed and render."""
    python = environment.ensure(ROOT)
    return call(python, "-m", "tools.build", command, *rest)


def chapter(rest: list[str]) -> int:
    """Run one chapter."""
    return book(rest, "chapter")


def test(rest: list[str]) -> int:
    """Everything that must hold; extra arguments go to pytest.

    The pages are built first, whatever the tests say of the rest; pytest's
    summary comes last and covers style, package, chapters and pages.
    """
    python = environment.ensure(ROOT)
    built = call(python, "-m", "tools.build", "book")
    runs = ROOT / "_build" / "runs" / "smoke"
    notebooks = sorted(str(p.relative_to(ROOT)) for p in runs.rglob("*.ipynb"))
    tested = call(
        python,
        *("-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"),
        *("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout", "600"),
        *("tests", *notebooks, *rest),
        DEPTHLIB_BOOK="required",
    )
    return tested or built


def lab(rest: list[str]) -> int:
    """JupyterLab on the chapters."""
    python = environment.ensure(ROOT)
    # From the checkout, so that jupytext.toml holds for what is saved.
    start = "--LabApp.default_url=/lab/tree/book/start/how-to-use.md"
    return call(python, "-m", "jupyterlab", start, *rest)


def serve(rest: list[str]) -> int:
    """The rendered book on http://localhost:8000 (or another port)."""
    if not (HTML / "index.html").exists():
        print("there is no book yet: make book", file=sys.stderr)
        return 1
    port = int(rest[0]) if rest else 8000
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=str(HTML)
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as site:
        print(f"http://localhost:{port} (Ctrl-C stops)", flush=True)
        try:
            site.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


def clean(rest: list[str]) -> int:
    """Delete what the build made."""
    shutil.rmtree(ROOT / "_build", ignore_errors=True)
    return 0


def call(python: Path, *arguments: str, **variables: str) -> int:
    """Run the environment's Python in the checkout."""
    command = [str(python), *arguments]
    variables = {**os.environ, "JUPYTER_PLATFORM_DIRS": "1", **variables}
    try:
        return subprocess.run(
            command, cwd=ROOT, env=variables, check=False
        ).returncode
    except KeyboardInterrupt:
        return 130


COMMANDS = {f.__name__: f for f in (book, chapter, test, lab, serve, clean)}


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(
        prog="make.py",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="command")
    options, rest = parser.parse_known_args()
    try:
        return COMMANDS[options.command](rest)
    except environment.SetupError as error:
        print(f"make.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
