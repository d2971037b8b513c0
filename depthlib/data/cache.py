"""Where generated and downloaded data live."""

import os
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


def use_data_root(root: str | Path | None) -> None:
    """Look for real data sets there from now on, in child processes too.

    Args:
        root: what ``data_root`` is to return; None changes nothing.

    Raises:
        NotADirectoryError: it is no folder.
    """
    if root is None:
        return
    folder = Path(root).expanduser().resolve()
    if not folder.is_dir():
        raise NotADirectoryError(
            f"data_root is {str(root)!r}, which is no folder; name the one "
            "that holds the real data sets, or None for the usual place"
        )
    os.environ["DEPTHLIB_DATA"] = str(folder)
