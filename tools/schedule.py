"""Run the chapters whose stamp is out of date, two at a time."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tools.book import ON_GPU, Book, Page
from tools.stamps import chapter_stamp

# One thread each: two chapters, or a chapter's worker processes, would
# otherwise fight over the cores.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "JUPYTER_PREFER_ENV_PATH": "1",
    "JUPYTER_PLATFORM_DIRS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


def paths(book: Book, page: Page) -> tuple[Path, Path]:
    """A chapter's executed notebook and the facts of its run."""
    stem = book.runs / page.name
    return stem.with_name(f"{stem.name}.ipynb"), stem.with_name(
        f"{stem.name}.json"
    )


def outcome(book: Book, page: Page) -> dict | None:
    """The facts of a chapter's last run, if it is still good.

    A failure is never good: it runs again the next time.
    """
    notebook, facts = paths(book, page)
    if not (notebook.exists() and facts.exists()):
        return None
    last = json.loads(facts.read_text())
    good = last["status"] == "ok" and last["stamp"] == chapter_stamp(
        book, page
    )
    return last if good else None


def run_chapters(
    book: Book, pages: list[Page], jobs: int, force: bool = False
) -> dict[str, dict]:
    """Bring every chapter up to date.

    Args:
        book: where everything lies.
        pages: chapters to look at.
        jobs: how many run at a time.
        force: run them whatever their stamps say.

    Returns:
        The facts of each chapter's last run, failed ones included.
    """
    done = {page.name: outcome(book, page) for page in pages}
    stale = [page for page in pages if force or done[page.name] is None]
    print(
        f"{len(stale)} of {len(pages)} chapters to run at profile "
        f"{book.profile}",
        flush=True,
    )
    if stale:
        facts = machine_facts(book)
        with ThreadPoolExecutor(jobs) as pool:
            runs = [pool.submit(run_one, book, p, facts) for p in stale]
            for run in as_completed(runs):
                last = run.result()
                done[last["chapter"]] = last
                print(line(last), flush=True)
    return done


def run_one(book: Book, page: Page, facts: dict) -> dict:
    """Run one chapter in its own process; returns the facts of the run."""
    output, written = paths(book, page)
    stamp = chapter_stamp(book, page)
    job = {
        "name": page.name,
        "source": str(page.source.resolve()),
        "output": str(output.resolve()),
        "parameters": book.parameters,
        "stamp": stamp,
        "facts": facts,
    }
    written.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "tools.execute", json.dumps(job)],
        cwd=Path(__file__).resolve().parents[1],
        env=environment(book),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if written.exists():
        return json.loads(written.read_text())
    said = done.stderr.strip().splitlines()[-12:]
    ended = f"its process ended with status {done.returncode}"
    return {
        "chapter": page.name,
        "status": "failed",
        "seconds": None,
        "error": {"cell": None, "line": None, "lines": [*said, ended]},
        **facts,
    }


def environment(book: Book) -> dict[str, str]:
    """Variables that a chapter's process sees."""
    own = {"IPYTHONDIR": str(book.build.resolve() / "ipython")}
    return os.environ | ENVIRONMENT | own


def machine_facts(book: Book) -> dict:
    """Commit, versions and device, the same for all chapters of a build."""
    import torch

    from depthlib.experiments.single import provenance

    device = torch.device("cuda" if book.profile in ON_GPU else "cpu")
    known = provenance(device)
    wanted = ("commit", "depthlib", "torch", "python", "device")
    return {name: known[name] for name in wanted}


def remove_strays(book: Book, pages: list[Page]) -> None:
    """Delete runs of chapters that the book no longer has."""
    kept = {path for page in pages for path in paths(book, page)}
    for path in _files(book.runs):
        if path not in kept:
            path.unlink()


def line(last: dict) -> str:
    """One line about a run."""
    if last["status"] != "ok":
        return f"  {last['chapter']}: FAILED"
    return (
        f"  {last['chapter']}: {last['seconds']:.1f} s, "
        f"{last['peak_memory_mb']} MB"
    )


def report(last: dict, profile: str) -> str:
    """A failed chapter: where, what it said last, how to run it again."""
    error = last["error"]
    where = f"cell {error['cell']}" if error["cell"] else "no cell"
    if error["line"]:
        where += f", line {error['line']} of book/{last['chapter']}.md"
    said = "\n".join(f"    {text}" for text in error["lines"])
    return (
        f"FAILED {last['chapter']} ({where})\n{said}\n"
        f"  run it again: {again(last['chapter'], profile)}"
    )


def again(name: str, profile: str) -> str:
    """The one command that runs a chapter again."""
    return f"python make.py chapter {name} --profile {profile}"


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.rglob("*") if path.is_file())
