"""Render the staged tree with Jupyter Book, for reading without a network."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.book import Book
from tools.environment import write
from tools.stamps import digest, tool_versions

ANSI = re.compile(r"\x1b\[[0-9;]*m")
# Parts of MathJax that a page reads; the rest is 20 MB of alternatives.
MATHJAX = ("tex-chtml.js", "output/chtml/fonts/")


def render(book: Book, tree: str) -> list[str]:
    """Render ``_build/source`` into ``_build/html``, unless it is the same.

    Args:
        book: where everything lies.
        tree: hash of the staged tree.

    Returns:
        What Sphinx complained about; empty when all is well.
    """
    stamp = book.build / "html.stamp"
    wanted = html_stamp(book, tree)
    if stamp.exists() and stamp.read_text() == wanted:
        print("pages unchanged")
        return []
    stamp.unlink(missing_ok=True)
    print("rendering", flush=True)
    log = book.build / "sphinx.log"
    with log.open("w") as said:
        done = subprocess.run(
            command(book), stdout=said, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        # A page that is not read again would not complain again.
        shutil.rmtree(book.build / ".doctrees", ignore_errors=True)
        return complaints(log)
    prune(book.html / "_static")
    remove_old_pages(book.html, book.build / "source")
    write(stamp, wanted)
    return []


def html_stamp(book: Book, tree: str) -> str:
    """Hash of all that the pages are made from."""
    own = Path(__file__).read_bytes()
    files = [book.root / name for name in ("_config.yml", "_toc.yml")]
    parts = [tree.encode(), own, *(file.read_bytes() for file in files)]
    parts.append(repr(tool_versions(book.root)).encode())
    return digest(b"\n".join(parts))


def command(book: Book) -> list[str]:
    """Jupyter Book with every warning an error."""
    root = book.root.resolve()
    return [
        str(Path(sys.executable).with_name("jupyter-book")),
        "build",
        str(book.build / "source"),
        "--config",
        str(root / "_config.yml"),
        "--toc",
        str(root / "_toc.yml"),
        "--path-output",
        str(book.build.parent),
        "-W",
        "-n",
        "--keep-going",
    ]


def complaints(log: Path) -> list[str]:
    """Warnings and errors of a Sphinx log, or its end."""
    lines = ANSI.sub("", log.read_text(errors="replace")).splitlines()
    words = ("WARNING", "ERROR", "CRITICAL", "Error:")
    found = [line for line in lines if any(word in line for word in words)]
    return found or lines[-12:]


def prune(static: Path) -> None:
    """Delete what no page reads."""
    mathjax = static / "mathjax"
    for path in mathjax.rglob("*"):
        name = path.relative_to(mathjax).as_posix()
        if path.is_file() and not name.startswith(MATHJAX):
            path.unlink()


def remove_old_pages(html: Path, source: Path) -> None:
    """Delete pages whose source is gone; Sphinx leaves them behind."""
    for path in html.rglob("*.html"):
        inside = path.relative_to(html)
        made = inside.name in ("genindex.html", "search.html")
        if made or inside.parts[0] == "_static":
            continue
        sources = (source / inside.with_suffix(s) for s in (".md", ".ipynb"))
        if not any(file.exists() for file in sources):
            path.unlink()
