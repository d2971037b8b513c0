"""Put together what Sphinx reads: ``_build/source``."""

import copy
import json
import re
from pathlib import Path

import jupytext
import nbformat

from tools.book import Book, Page
from tools.cards import add_to_notebook, all_verdicts, card, not_run
from tools.pages import fill
from tools.schedule import paths
from tools.stamps import tree_hash

INCLUDE = re.compile(r"(\{literalinclude\} +)(?:\.\./)+depthlib/")


def stage(book: Book, pages: list[Page], runs: dict[str, dict]) -> str:
    """Write the tree to render; files that did not change stay untouched.

    It holds the pages, whatever else lies in ``book/``, the package's source
    (for ``literalinclude`` of ``../../depthlib/...``), and the executed
    notebooks as downloads under ``_notebooks``.

    Returns:
        A hash of the tree.
    """
    tree = static_files(book, pages)
    verdicts = all_verdicts(book, pages)
    for page in pages:
        if not page.runs:
            text = from_source(fill(page, book, runs))
            tree[f"{page.name}.md"] = text.encode()
            continue
        run = runs[page.name]
        notebook = executed(book, page, run)
        if run["status"] == "ok":
            tree[f"_notebooks/{page.name}.ipynb"] = dump(notebook)
            addition = card(page, run, verdicts)
        else:
            addition = not_run(page, run, book.profile)
        tree[f"{page.name}.ipynb"] = dump(for_sphinx(notebook, addition, page))
    folder = book.build / "source"
    sync(folder, tree)
    return tree_hash(folder, folder.rglob("*"))


def static_files(book: Book, pages: list[Page]) -> dict[str, bytes]:
    """Everything in ``book/`` that is no page, and the package's source."""
    sources = {page.source for page in pages}
    below = book.root / "book"
    kept = {
        path.relative_to(below).as_posix(): path.read_bytes()
        for path in below.rglob("*")
        if path.is_file()
        and path not in sources
        and path.suffix != ".md"
        and ".ipynb_checkpoints" not in path.parts
    }
    for path in (book.root / "depthlib").rglob("*.py"):
        kept[path.relative_to(book.root).as_posix()] = path.read_bytes()
    return kept


def executed(book: Book, page: Page, run: dict):
    """A chapter's executed notebook; its bare text where it failed."""
    if run["status"] == "ok":
        return nbformat.read(paths(book, page)[0], as_version=4)
    return jupytext.reads(page.text, fmt="md:myst")


def for_sphinx(notebook, addition: str, page: Page):
    """A copy with the card, and without metadata that Sphinx would print."""
    shown = copy.deepcopy(notebook)
    kept = ("kernelspec", "language_info", "widgets")
    shown.metadata = nbformat.from_dict(
        {name: shown.metadata[name] for name in kept if name in shown.metadata}
    )
    add_to_notebook(shown, addition, page.source)
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = from_source(cell.source)
    return shown


def from_source(text: str) -> str:
    """Let includes of ``../../depthlib`` find the staged package."""
    return INCLUDE.sub(r"\1/depthlib/", text)


def dump(notebook) -> bytes:
    """A notebook as bytes, the same for the same notebook."""
    return (json.dumps(notebook, indent=1, sort_keys=True) + "\n").encode()


def sync(folder: Path, tree: dict[str, bytes]) -> None:
    """Make a folder hold exactly these files; equal ones keep their date."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in tree:
            path.unlink()
    for name, content in tree.items():
        path = folder / name
        if path.exists() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.tmp")
        temporary.write_bytes(content)
        temporary.replace(path)
