"""Parts of plain pages that are made, not written: status and reference.

A plain page holds a line ``<!-- generated: NAME -->``; what NAME makes takes
its place.
"""

import ast
import re
from pathlib import Path

from tools.book import Book, BookError, Page
from tools.cards import duration

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
            f"`{run['commit']}`",
            run["device"],
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def reference(root: Path) -> str:
    """One line per public function and class, read from the source."""
    package = root / "depthlib"
    files = sorted(package.rglob("*.py"), key=_floor)
    sections = [_module(path, package) for path in files]
    return "\n\n".join(section for section in sections if section)


def _floor(path: Path) -> tuple[int, str]:
    """Modules in the order of the package's floors."""
    parts = path.with_suffix("").parts
    top = parts[parts.index("depthlib") + 1]
    place = PACKAGES.index(top) if top in PACKAGES else len(PACKAGES)
    return place, path.as_posix()


def _module(path: Path, package: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
    ]
    if not public:
        return ""
    names = path.relative_to(package.parent).with_suffix("").parts
    dotted = ".".join(name for name in names if name != "__init__")
    rows = [f"| `{node.name}` | {_summary(node)} |" for node in public]
    return "\n".join(
        [f"## {dotted}", "", _summary(tree), "", "| name | what it is |"]
        + ["|---|---|", *rows]
    )


def _summary(node) -> str:
    """First paragraph of a docstring, safe in a table."""
    text = (ast.get_docstring(node) or "").split("\n\n", 1)[0]
    text = " ".join(text.split()).replace("``", "`")
    return re.sub(r"([|$<>*_])(?=(?:[^`]*`[^`]*`)*[^`]*$)", r"\\\1", text)
