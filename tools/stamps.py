"""When is a chapter's run still good? A hash over all that it depends on."""

import hashlib
import json
import platform
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

from tools.book import Book, Page

# Made by runs, or too large to be part of the book.
NOT_INPUT = ("generated", "external", "results")


def chapter_stamp(book: Book, page: Page) -> str:
    """Hash of a chapter's text, parameters, package, data and tools.

    A chapter that says ``experiments: [patterns]`` in its front matter, such
    as ``"losses-*"``, depends on the records of those alone; one that says
    nothing depends on all.
    """
    parts = {
        "text": page.text,
        "parameters": book.parameters,
        "package": package_hash(book.root),
        "data": data_hash(book, page.chapter.get("experiments")),
        "tools": tool_versions(book.root),
    }
    return digest(json.dumps(parts, sort_keys=True).encode())


def package_hash(root: Path) -> str:
    """Hash of all files of the package and the code that runs chapters."""
    own, package = Path(__file__).with_name("execute.py"), root / "depthlib"
    files = [p for p in package.rglob("*") if "__pycache__" not in p.parts]
    return tree_hash(root, files, own)


def data_hash(book: Book, experiments: list | None = None) -> str:
    """Hash of manifests, published tables, samples and run records.

    The records of the profile that is being built are left out: they are
    what its chapters write.
    """
    data = book.root / "data"
    inputs = [
        path
        for folder in sorted(data.glob("*"))
        if folder.name not in NOT_INPUT
        for path in (folder.rglob("*") if folder.is_dir() else [folder])
    ]
    for profile in sorted((data / "results").glob("*")):
        if profile.name == book.profile:
            continue
        for experiment in sorted(profile.glob("*")):
            if experiments is None or any(
                fnmatch(experiment.name, name) for name in experiments
            ):
                inputs += experiment.rglob("*")
    return tree_hash(book.root, inputs)


def tree_hash(root: Path, paths: Iterable[Path], *more: Path) -> str:
    """Hash of files and of their names below ``root``."""
    lines = [
        f"{path.relative_to(root).as_posix()} {digest(path.read_bytes())}"
        for path in paths
        if path.is_file() and not path.name.endswith(".tmp")
    ]
    lines = sorted(lines) + [digest(path.read_bytes()) for path in more]
    return digest("\n".join(lines).encode())


def tool_versions(root: Path) -> dict[str, str]:
    """Installed versions of everything ``constraints.txt`` pins."""
    versions = {"python": platform.python_version()}
    for name in pinned(root):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
    return versions


def pinned(root: Path) -> Iterator[str]:
    """Names that ``constraints.txt`` pins."""
    path = root / "constraints.txt"
    text = path.read_text() if path.exists() else ""
    yield from re.findall(r"^([\w.-]+)==", text, flags=re.MULTILINE)


def digest(content: bytes) -> str:
    """Short SHA-256."""
    return hashlib.sha256(content).hexdigest()[:32]
