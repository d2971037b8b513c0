"""What data sets there are: where each comes from and whether it is here."""

from dataclasses import dataclass, fields
from pathlib import Path

from depthlib.data.cache import cache_dir, checkout, data_root

ORDER = (
    "rooms",
    "streets",
    "streets-video",
    "cards",
    "nyu_v2_labeled",
    "kitti",
    "kitti-video",
    "seven_scenes_red_kitchen",
    "cityscapes",
    "make3d",
    "folder",
)


@dataclass(frozen=True)
class Entry:
    """One data set, as ``data/manifests/NAME.yaml`` states it.

    Attributes:
        name: on the command line, and of its folder under ``data_root()``.
        title: for readers.
        kind: "generated", "real" or "own".
        where: how to get it.
        licence: who may use it.
        disk: how large it is.
        layout: which files are expected.
        frame: (H, W) of its pictures, or "any".
        pairs: number of pairs of each split, or words.
        depth: how depth is stored.
        scene: "indoor", "outdoor" or "any"; says which depths are plausible.
        range: least and largest depth that it holds, metres.
        density: least and largest share of pixels that one laser scan hits.
        folder: under ``data_root()``, where it is not its name.
        used: what the committed experiments take of it, where not all.
    """

    name: str
    title: str
    kind: str
    where: str
    licence: str
    disk: str
    layout: str
    frame: tuple[int, int] | str
    pairs: dict[str, int] | str
    depth: str
    scene: str
    range: tuple[float, float] | None = None
    density: tuple[float, float] | None = None
    folder: str | None = None
    used: str = ""

    def home(self, root=None) -> Path | None:
        """The folder it is looked for in; None for your own."""
        if self.kind == "generated":
            return cache_dir()
        if root is not None:
            return Path(root)
        folder = self.folder or self.name
        return data_root() / folder if self.kind == "real" else None

    def status(self) -> str:
        """Whether it is here."""
        home = self.home()
        if home is None:
            return "name its folder to check it"
        if self.kind == "generated":
            # A style follows: not all that begins alike is of one set.
            made = sorted(home.glob(f"{self.name}-[ab]-*"))
            return f"{len(made)} sets made so far in {home}"
        return f"in {home}" if home.is_dir() else f"absent, no {home}"


def catalogue() -> dict[str, Entry]:
    """All data sets by name.

    Raises:
        FileNotFoundError: the package runs without its repository.
    """
    root = checkout()
    if root is None:
        raise FileNotFoundError(
            "data/manifests belongs to the repository, and depthlib runs "
            "without it; install it from a checkout with pip install -e ."
        )
    return {name: _entry(root / "data" / "manifests", name) for name in ORDER}


def entry(name: str) -> Entry:
    """One data set.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in ORDER:
        raise ValueError(
            f"data set is {name!r}; choose one of {', '.join(ORDER)}"
        )
    return catalogue()[name]


def describe() -> str:
    """All data sets in words: ``depthlib data list`` prints this."""
    rows = ("where", "layout", "depth", "used", "disk", "licence")
    blocks = []
    for each in catalogue().values():
        lines = [f"{each.name}: {each.title}", f"  here     {each.status()}"]
        known = {row: getattr(each, row) for row in rows}
        lines += [_wrapped(row, text) for row, text in known.items() if text]
        blocks.append("\n".join(lines))
    blocks.append(
        f"Real sets are looked for in {data_root()} (set DEPTHLIB_DATA for "
        "another folder)."
    )
    return "\n\n".join(blocks)


def _wrapped(label: str, text: str) -> str:
    import textwrap

    return textwrap.fill(
        " ".join(text.split()),
        width=78,
        initial_indent=f"  {label:9}",
        subsequent_indent=" " * 11,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _entry(folder: Path, name: str) -> Entry:
    import yaml

    path = folder / f"{name}.yaml"
    values = yaml.safe_load(path.read_text())
    known = {field.name for field in fields(Entry)}
    if unknown := set(values) - known:
        raise ValueError(f"{path} has unknown fields {sorted(unknown)}")
    for key in ("frame", "range", "density"):
        if isinstance(values.get(key), list):
            values[key] = tuple(values[key])
    return Entry(**values)
