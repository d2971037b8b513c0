"""The book's pages: what the table of contents lists, and where it lies."""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

PROFILES = ("smoke", "quick", "study", "gpu", "paper")
ON_GPU = ("gpu", "paper")


class BookError(Exception):
    """The book's sources are wrong; the text names the file."""


@dataclass(frozen=True)
class Page:
    """One page of the book.

    Attributes:
        name: path below ``book/`` without its ending, e.g. "losses/study".
        source: its file.
        text: the file's text.
        meta: its front matter.
    """

    name: str
    source: Path
    text: str
    meta: dict = field(compare=False)

    @property
    def runs(self) -> bool:
        """True for a chapter that is executed, False for a plain page."""
        return "kernelspec" in self.meta

    @property
    def chapter(self) -> dict:
        """What the front matter says under ``chapter:``."""
        return self.meta.get("chapter") or {}

    @property
    def title(self) -> str:
        """The first heading."""
        for line in self.text.splitlines():
            if line.startswith("# "):
                return line[2:].strip()
        raise BookError(f"{self.source} has no title; begin it with '# '")


@dataclass(frozen=True)
class Book:
    """A book's sources and where its products go.

    Attributes:
        root: the checkout.
        profile: at which scale chapters run.
        seed: given to the chapters, or None for their own.
        data_root: where real data sets lie, or None for the default.
        output: folder that gets ``_build``; None takes the checkout.
    """

    root: Path
    profile: str = "smoke"
    seed: int | None = None
    data_root: str | None = None
    output: Path | None = None

    def __post_init__(self):
        if self.profile not in PROFILES:
            raise BookError(
                f"profile is {self.profile!r}; "
                f"choose one of {', '.join(PROFILES)}"
            )

    @property
    def build(self) -> Path:
        """All products."""
        return (self.output or self.root).resolve() / "_build"

    @property
    def runs(self) -> Path:
        """Executed notebooks of this profile, and facts about each run."""
        return self.build / "runs" / self.profile

    @property
    def html(self) -> Path:
        """The rendered book."""
        return self.build / "html"

    @property
    def parameters(self) -> dict:
        """What is injected into each chapter's parameter cell."""
        # A chapter runs in another folder than the command that builds it.
        root = self.data_root and str(Path(self.data_root).resolve())
        given = {"seed": self.seed, "data_root": root}
        given = {k: v for k, v in given.items() if v is not None}
        return {"profile": self.profile} | given

    @property
    def toc(self) -> dict:
        """The table of contents as it is written."""
        path = self.root / "_toc.yml"
        return yaml.safe_load(path.read_text(encoding="utf-8"))

    def pages(self) -> list[Page]:
        """All pages in the order of the table of contents."""
        return [self.page(name) for name in _names(self.toc)]

    def page(self, name: str) -> Page:
        """One page by name.

        Raises:
            BookError: there is no such file.
        """
        source = self.root / "book" / f"{name}.md"
        if not source.is_file():
            raise BookError(
                f"there is no chapter {name!r}: {source} does not exist"
            )
        text = source.read_text(encoding="utf-8")
        return Page(name, source, text, front_matter(text, source))


def front_matter(text: str, source: Path) -> dict:
    """The YAML between the first two ``---`` lines, or nothing.

    Raises:
        BookError: it is not YAML.
    """
    if not text.startswith("---\n"):
        return {}
    head = text[4:].split("\n---\n", 1)[0]
    try:
        return yaml.safe_load(head) or {}
    except yaml.YAMLError as error:
        where = str(error).splitlines()[-1].strip()
        raise BookError(
            f"the front matter of {source} is not YAML ({where})"
        ) from error


def _names(toc) -> list[str]:
    if isinstance(toc, list):
        return [name for entry in toc for name in _names(entry)]
    own = [toc[key] for key in ("root", "file") if key in toc]
    below = [toc[k] for k in ("parts", "chapters", "sections") if k in toc]
    return own + _names(below) if below else own
