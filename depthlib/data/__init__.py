"""Data sets: drawn rooms, streets and cards, and those that lie on disk.

Every item of every data set is a dict::

    image       (3, H, W) float32 in [0, 1]
    depth       (1, H, W) float32, metres, 0 where unknown
    mask        (1, H, W) bool, True where the depth is known
    intrinsics  (3, 3) float32, pixels; pixel (0, 0) centred at (0.5, 0.5)
    index       int

Sets of video add the frames before and after (``depthlib.data.video``). The
real sets load on first use, so that ``import depthlib.data`` needs
neither h5py nor scipy.
"""

from importlib import import_module

from depthlib.data.cache import cache_dir, data_root, use_data_root

# Not lazily: each function has the name of its module, and must win.
from depthlib.data.cards import cards
from depthlib.data.rooms import rooms
from depthlib.data.streets import streets, streets_video

_HOME = {
    "NYUv2": "nyu",
    "Kitti": "kitti",
    "KittiVideo": "kitti_video",
    "SevenScenes": "seven_scenes",
    "Cityscapes": "cityscapes",
    "Make3D": "make3d",
    "ImageFolder": "folder",
    "DataError": "files",
    "DepthUnit": "units",
    "displacements": "video",
}

__all__ = [
    "cache_dir",
    "cards",
    "data_root",
    "rooms",
    "streets",
    "streets_video",
    "use_data_root",
    *_HOME,
]


def __getattr__(name: str):
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
