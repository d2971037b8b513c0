"""A tiny copy of Make3D: few, small pictures in the official layout."""

import numpy as np
from PIL import Image
from scipy.io import savemat

GRID = (55, 305)
SIZE = (160, 120)  # the aspect of 2272 x 1704
NAMES = {
    "train": ("10.21op2-p-015t000", "combined1-p-108t0", "math7-p-139t0"),
    "test": ("10.21op2-p-046t000", "manmade1-p-313t0"),
}
FOLDERS = {
    "train": ("Train400Img", "Train400Depth"),
    "test": ("Test134", "Gridlaserdata"),
}


def write_grid(path, depth, **others):
    """``Position3DGrid`` whose first three numbers are no depth."""
    grid = np.full((*depth.shape, 4), -5.0)
    grid[..., 3] = depth
    savemat(path, {"Position3DGrid": grid, **others}, do_compression=True)


def write(root):
    """The root and, by split, the pictures and depths of each pair."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    made = {}
    for split, names in NAMES.items():
        pictures, depths = (root / name for name in FOLDERS[split])
        pictures.mkdir(parents=True)
        depths.mkdir()
        made[split] = []
        for name in names:
            slopes = random.uniform(0.5, 0.9, (3, 2))
            image = np.stack([20 + a * rows + b * columns for a, b in slopes])
            image = image.astype(np.uint8).transpose(1, 2, 0)
            Image.fromarray(image).save(
                pictures / f"img-{name}.jpg", quality=98
            )
            depth = random.uniform(2, 60, GRID)
            depth[:9] = 81.0  # the sky
            depth[9, :5] = 70.0, 69.9, 75.0, 80.0, 80.1
            write_grid(depths / f"depth_sph_corr-{name}.mat", depth)
            made[split].append((image, depth.astype(np.float32)))
    return root, made
