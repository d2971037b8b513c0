"""Data sets: items are dicts of image, depth, mask, intrinsics and index.

The real sets are imported when they are first used, so that
``import depthlib.data`` needs neither h5py nor scipy.
"""

import importlib

# Not lazily: the function has the name of its module, and must win.
from depthlib.data.rooms import rooms

_HOME = {
    "NYUv2": "nyu",
    "ImageFolder": "folder",
    "cache_dir": "cache",
    "data_root": "cache",
}
__all__ = ["ImageFolder", "NYUv2", "cache_dir", "data_root", "rooms"]


def __getattr__(name):
    if name in _HOME:
        home = importlib.import_module(f"{__name__}.{_HOME[name]}")
        return getattr(home, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
