"""Execute what changed, stage, render: ``python -m tools.build book``."""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

from tools.book import ON_GPU, PROFILES, Book, BookError
from tools.environment import write
from tools.render import render
from tools.schedule import remove_strays, report, run_chapters
from tools.stage import stage

ROOT = Path(__file__).resolve().parents[1]


def make_book(book: Book, jobs: int) -> int:
    """Build the whole book; the number of things that went wrong."""
    pages = book.pages()
    chapters = [page for page in pages if page.runs]
    remove_strays(book, chapters)
    forget_smoke(book)
    runs = run_chapters(book, chapters, jobs)
    write(book.build / "runs.json", json.dumps(runs, indent=1))
    wrong = render(book, stage(book, pages, runs))
    failed = [run for run in runs.values() if run["status"] != "ok"]
    for run in failed:
        print(f"\n{report(run, book.profile)}")
    if wrong:
        print(f"\nFAILED to render cleanly ({book.build / 'sphinx.log'}):")
        print("\n".join(wrong))
    return len(failed) + len(wrong)


def run_chapter(book: Book, name: str) -> int:
    """Run one chapter, whatever its stamp says."""
    page = book.page(name)
    if not page.runs:
        raise BookError(f"{page.source} has no kernelspec: nothing to run")
    run = run_chapters(book, [page], 1, force=True)[name]
    if run["status"] == "ok":
        print("make book renders it")
        return 0
    print(report(run, book.profile))
    return 1


def forget_smoke(book: Book) -> None:
    """Smoke trains for the sake of running, so nothing it wrote counts."""
    if book.profile == "smoke":
        from depthlib.experiments.records import results_dir

        shutil.rmtree(results_dir("smoke") / "smoke", ignore_errors=True)


def check_device(book: Book) -> None:
    """Stop early where a GPU profile would find no GPU.

    Raises:
        BookError: there is none.
    """
    if book.profile not in ON_GPU:
        return
    import torch

    if not torch.cuda.is_available():
        raise BookError(
            f"profile {book.profile!r} needs a CUDA GPU and none is visible; "
            "run it on a machine with one, or choose smoke, quick or study"
        )


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line, shared with ``make.py``."""
    parser = argparse.ArgumentParser(prog="make.py")
    parser.add_argument("command", choices=("book", "chapter"))
    parser.add_argument("name", nargs="?", help="chapter, e.g. losses/study")
    parser.add_argument("--profile", default="smoke", choices=PROFILES)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--data-root")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count()))
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Build a book or run one chapter; returns the exit status."""
    options = parse(arguments)
    began = time.perf_counter()
    try:
        given = (options.seed, options.data_root, options.output)
        book = Book(ROOT, options.profile, *given)
        check_device(book)
        with locked(book):
            if options.command == "chapter":
                return run_chapter(book, options.name or "")
            wrong = make_book(book, options.jobs)
    except BookError as error:
        print(f"make.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here")
        return 130
    print(f"\n{time.perf_counter() - began:.0f} s; open")
    print(book.html / "index.html")
    return 1 if wrong else 0


def locked(book: Book):
    """One build at a time: a second one says that it waits."""
    book.build.mkdir(parents=True, exist_ok=True)
    lock = FileLock(book.build / "build.lock")
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        print("another build is running here; waiting for it", flush=True)
        return lock.acquire()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
