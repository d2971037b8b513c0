"""Parts of plain pages that are made, not written: status and reference.

A plain page holds a line ``<!-- generated: NAME -->``; what NAME makes takes
its place.
"""

import ast
import re
from pathlib import Path

from tools.book import Book, BookError, Page
from tools.cards import duration, short

MARK = re.compile(r"^<!-- generated: ([\w-]+) -->$", flags=re.MULTILINE)
PACKAGES = (
    "geometry",
    "kernels",
    "metrics",
    "losses",
    "models",
    "data",
    "training",
    "published",
    "experiments",
    "figures",
    "exercises",
    "predict",
    "pointcloud",
)


def fill(page: Page, book: Book, runs: dict[str, dict]) -> str:
    """A plain page's text with its generated parts in place.

    Raises:
        BookError: the page asks for a part that nothing makes.
    """
    makers = {
        "status": lambda: status(book, runs),
        "reference": lambda: reference(book.root),
    }

    def make(found):
        if found[1] not in makers:
            raise BookError(
                f"{page.source} asks for {found[1]!r}; "
                f"there are {', '.join(makers)}"
            )
        return makers[found[1]]()

    return MARK.sub(make, page.text)


def status(book: Book, runs: dict[str, dict]) -> str:
    """Table of what ran: one row a chapter."""
    rows = [
        "```{table}\n:class: status-table\n",
        "| chapter | profile | result | time | memory | when | commit "
        "| machine |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for page in book.pages():
        if not page.runs:
            continue
        run = runs[page.name]
        ok = run["status"] == "ok"
        cells = [
            f"{{doc}}`{page.title} </{page.name}>`",
            book.profile,
            "ran" if ok else "**failed**",
            duration(run["seconds"]) if ok else "–",
            f"{run['peak_memory_mb']} MB" if ok else "–",
            run["date"] if ok else "–",
            f"`{short(run['commit'])}`",
            run["device"],
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, "```"])


def reference(root: Path) -> str:
    """One line per public function and class, read from the source.

    A package's public names are those that its ``__init__.py`` mentions; if
    it mentions none, all names without an underscore.
    """
    package = root / "depthlib"
    rooms = [package / name for name in PACKAGES]
    rooms = [r if r.is_dir() else r.with_suffix(".py") for r in rooms]
    return "\n\n".join(_room(room, package) for room in rooms if room.exists())


def _room(room: Path, package: Path) -> str:
    """The section of one module or package."""
    files = sorted(room.rglob("*.py")) if room.is_dir() else [room]
    trees = [ast.parse(path.read_text("utf-8")) for path in files]
    door = trees[0]  # __init__.py, the first by name
    found = [
        node
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node)
    ]
    mentioned = _mentioned(door) if room.is_dir() else set()
    exported = [node for node in found if node.name in mentioned] or found
    return "\n".join(
        [
            f"## {package.name}.{room.stem}\n\n{_summary(door)}\n",
            "```{table}\n:class: reference-table\n",
            "| name | what it is |\n|---|---|",
            *(f"| `{n.name}` | {_summary(n)} |" for n in exported),
            "```",
        ]
    )


def _mentioned(tree) -> set[str]:
    """Names that a module imports or spells out in a string."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def _summary(node) -> str:
    """First paragraph of a docstring, safe in a table."""
    text = (ast.get_docstring(node) or "").split("\n\n", 1)[0]
    text = re.sub(r":\w+:(?=`)", "", " ".join(text.split()))
    text = text.replace("``", "`")
    return re.sub(r"([|$<>*_])(?=(?:[^`]*`[^`]*`)*[^`]*$)", r"\\\1", text)
