"""The book as it was last built at ``smoke``."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from tools.book import Book
from tools.schedule import outcome, paths

ROOT = Path(__file__).resolve().parents[2]
# ``make test`` builds the book first and sets this: no page may be missing.
REQUIRED = os.environ.get("DEPTHLIB_BOOK") == "required"


@pytest.fixture(scope="session")
def sources():
    """The checkout's book at ``smoke``, built or not."""
    return Book(ROOT)


@pytest.fixture(scope="session")
def book(sources):
    """The same; its run facts must be there."""
    facts = sources.build / "runs.json"
    if not REQUIRED and not facts.exists():
        pytest.skip("the book is not built here; `make test` builds it first")
    return sources


@pytest.fixture(scope="session")
def runs(book):
    """The facts of each chapter's run in the last build."""
    return json.loads((book.build / "runs.json").read_text())


@pytest.fixture(scope="session")
def notebooks(book):
    """Executed notebooks by chapter; they must be of today's sources."""
    chapters = [page for page in book.pages() if page.runs]
    if not REQUIRED and not all(outcome(book, p) for p in chapters):
        pytest.skip("the book is older than its sources: run `make test`")
    return {
        page.name: nbformat.read(paths(book, page)[0], as_version=4)
        for page in chapters
    }


@pytest.fixture(scope="session")
def html(book):
    """Every rendered page, as file and text."""
    paths = sorted(book.html.rglob("*.html"))
    found = {p: p.read_text() for p in paths if "_static" not in p.parts}
    if not REQUIRED and not found:
        pytest.skip("the book is not rendered here; `make test` renders it")
    assert book.html / "index.html" in found
    return found
