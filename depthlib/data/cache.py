"""Where generated and downloaded data live."""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def _checkout() -> Path | None:
    """The repository's folder if the package runs from a checkout."""
    return _ROOT if (_ROOT / "pyproject.toml").is_file() else None


def cache_dir() -> Path:
    """Folder for generated data.

    The environment variable ``DEPTHLIB_CACHE`` if set, else
    ``data/generated`` of a checkout, else the user's cache folder.
    """
    if os.environ.get("DEPTHLIB_CACHE"):
        return Path(os.environ["DEPTHLIB_CACHE"])
    if _checkout():
        return _ROOT / "data" / "generated"
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "depthlib"


def data_root() -> Path:
    """Folder with real data sets.

    The environment variable ``DEPTHLIB_DATA`` if set, else
    ``data/external`` of a checkout or of the user's cache folder.
    """
    if os.environ.get("DEPTHLIB_DATA"):
        return Path(os.environ["DEPTHLIB_DATA"])
    if _checkout():
        return _ROOT / "data" / "external"
    return cache_dir() / "external"
