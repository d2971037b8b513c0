"""What the pipeline adds to a chapter: its card, or why it did not run."""

import hashlib
import json
from pathlib import Path

from tools.book import Book, BookError, Page
from tools.environment import write
from tools.schedule import again
from tools.stamps import data_hash, package_hash, tree_hash


def card(page: Page, run: dict, verdicts: dict[str, str]) -> str:
    """The card under a chapter's title, from front matter and its run.

    Args:
        page: the chapter.
        run: the facts of its run.
        verdicts: claim to verdict, of all claims.

    Raises:
        BookError: the front matter asks no question.
    """
    from depthlib.figures import chapter_card

    about = page.chapter
    if not about.get("question"):
        raise BookError(
            f"{page.source} asks nothing; give its front matter "
            "'chapter: {question: ...}'"
        )
    claims = about.get("claims", [])
    known = {claim: verdicts[claim] for claim in claims if claim in verdicts}
    made = chapter_card(
        about["question"],
        paper=about.get("paper"),
        verdicts=known or None,
        profile=run["parameters"]["profile"],
        time=duration(run["seconds"]),
        memory=f"{run['peak_memory_mb']} MB",
        device=run["device"],
        date=run["date"],
        commit=short(run["commit"]),
    )
    download = (
        f"{{download}}`Executed notebook </_notebooks/{page.name}.ipynb>`"
    )
    return f"{made.markup}\n\n{download}"


def not_run(page: Page, run: dict, profile: str) -> str:
    """The box on the page of a chapter that failed."""
    error = run["error"]
    where = f" in code cell {error['cell']}" if error["cell"] else ""
    said = "\n".join(error["lines"])
    return (
        "````{admonition} This chapter did not run\n:class: error\n"
        f"It stopped{where} when this book was built, so the page shows its "
        "text and code without results.\n\n"
        f"```text\n{said}\n```\n\n"
        f"Run it again: `{again(page.name, profile)}`\n````"
    )


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min"


def short(commit: str) -> str:
    """Seven characters of a commit, and the plus of a changed checkout."""
    return commit[:7] + "+" * commit.endswith("+")


def all_verdicts(book: Book, pages: list[Page]) -> dict[str, str]:
    """Claim to verdict, computed from the records.

    Judging re-trains toy networks to see whether records are current, so the
    result is kept until the package or the data change, the judged records
    among them.
    """
    if not any(page.chapter.get("claims") for page in pages):
        return {}
    evidence = (book.root / "data" / "results" / "study").rglob("*")
    basis = package_hash(book.root) + data_hash(book)
    basis += tree_hash(book.root, evidence)
    key = hashlib.sha256(basis.encode()).hexdigest()
    kept = book.build / "verdicts.json"
    if kept.exists():
        stored = json.loads(kept.read_text())
        if stored["key"] == key:
            return stored["verdicts"]
    found = _judge()
    kept.parent.mkdir(parents=True, exist_ok=True)
    write(kept, json.dumps({"key": key, "verdicts": found}))
    return found


def _judge() -> dict[str, str]:
    from depthlib.experiments.verdicts import verdicts

    table = verdicts()
    return dict(zip(table["claim"], table["verdict"], strict=True))


def under_title(text: str, addition: str) -> str:
    """Insert a block after the first heading of Markdown text.

    Raises:
        BookError: there is no heading.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("# "):
            head, rest = lines[: number + 1], lines[number + 1 :]
            return "\n".join([*head, "", addition, "", *rest])
    raise BookError(f"no line of {text[:40]!r}... begins with '# '")


def add_to_notebook(notebook, addition: str, source: Path) -> None:
    """Insert a block after the title of a notebook."""
    for cell in notebook.cells:
        lines = cell.source.splitlines()
        if cell.cell_type == "markdown" and any(
            line.startswith("# ") for line in lines
        ):
            cell.source = under_title(cell.source, addition)
            return
    raise BookError(f"{source} has no title; begin it with '# '")
