"""Where data lives, and how a generated folder is complete or absent."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path


def checkout() -> Path | None:
    """The repository's root, or None when the package was installed alone."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() else None


def cache_dir() -> Path:
    """Folder for what the package generates and may delete again.

    ``DEPTHLIB_CACHE`` if set; else ``data/generated`` of the checkout; else
    the user's cache folder. It need not exist yet.
    """
    if chosen := os.environ.get("DEPTHLIB_CACHE"):
        return Path(chosen).expanduser()
    if root := checkout():
        return root / "data" / "generated"
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(user) / "depthlib"


def data_root() -> Path:
    """Folder that holds the real data sets, one sub-folder each.

    ``DEPTHLIB_DATA`` if set; else ``data/external`` of the checkout; else
    ``external`` under :func:`cache_dir`. It need not exist yet.
    """
    if chosen := os.environ.get("DEPTHLIB_DATA"):
        return Path(chosen).expanduser()
    if root := checkout():
        return root / "data" / "external"
    return cache_dir() / "external"


def build_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Make `folder` by ``build(temporary)`` unless it is there already.

    The work happens in a temporary folder beside it, which is renamed when
    `build` returns: whoever sees `folder` sees all of it. Processes that
    start together wait for the one that builds. Left-overs of a build that
    was killed are removed by the next one.

    Args:
        folder: what shall exist.
        build: fills an empty folder that it is given.

    Returns:
        `folder`, complete.
    """
    from filelock import FileLock

    folder = Path(folder)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if folder.is_dir():
            return folder
        # The lock is ours, so no living process writes into these.
        for left in folder.parent.glob(f"{folder.name}.*.tmp"):
            shutil.rmtree(left, ignore_errors=True)
        temporary = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
        temporary.mkdir()
        try:
            build(temporary)
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder
