"""Data sets: generated rooms, NYU Depth v2, and folders of your own.

Every item of every data set is a dict::

    image       (3, H, W) float32 in [0, 1]
    depth       (1, H, W) float32, metres, 0 where unknown
    mask        (1, H, W) bool, True where the depth is known
    intrinsics  (3, 3) float32, pixels; pixel (0, 0) centred at (0.5, 0.5)
    index       int

Names load on first use, so that importing this package costs nothing.
"""

from importlib import import_module

from depthlib.data.cache import cache_dir, data_root

_HOME = {
    "rooms": "rooms",
    "NYUv2": "nyu",
    "ImageFolder": "folder",
    "DataError": "files",
    "DepthUnit": "units",
    "manifest_hash": "check",
}

__all__ = ["cache_dir", "data_root", *_HOME]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    # Importing depthlib.data.rooms binds `rooms` to the module: the
    # function takes the name back.
    globals()[name] = value
    return value
