"""Tiny copies of NYU Depth v2 in its two layouts."""

import h5py
import numpy as np
from PIL import Image
from scipy.io import savemat

FRAME = (480, 640)
TRAIN, TEST = [2, 3, 5], [1, 4]  # counted from 1, as MATLAB does


def pairs(n=5, frame=FRAME, seed=0):
    """Pictures ``(N, H, W, 3)`` uint8 and depths ``(N, H, W)``, metres.

    Smooth, so that JPEG keeps them; every pair has a level of its own.
    """
    random = np.random.default_rng(seed)
    rows, columns = np.meshgrid(
        *(np.linspace(0, 1, side) for side in frame), indexing="ij"
    )
    ramps = np.stack([rows, columns, 1 - rows], axis=-1)
    level = random.uniform(40, 80, (n, 1, 1, 1))
    images = (level + 120 * ramps).astype(np.uint8)
    metres = 1 + 3 * rows + columns + random.random((n, 1, 1))
    return images, metres.astype(np.float32)


def write_mat(root, images, depths, train=TRAIN, test=TEST):
    """``nyu_depth_v2_labeled.mat`` and ``splits.mat``."""
    root.mkdir(parents=True, exist_ok=True)
    with h5py.File(root / "nyu_depth_v2_labeled.mat", "w") as file:
        # MATLAB stores (H, W, 3, N) by columns: HDF5 sees it reversed.
        file["images"] = images.transpose(0, 3, 2, 1)
        file["depths"] = depths.transpose(0, 2, 1)
    splits = {"trainNdxs": train, "testNdxs": test}
    savemat(
        root / "splits.mat",
        {name: np.array(v)[:, None] for name, v in splits.items()},
    )
    return root


def write_folder(root, images, stored, train=TRAIN, test=TEST):
    """``rgb``, ``depth`` (``stored`` as it is) and the two lists."""
    for folder in ("rgb", "depth"):
        (root / folder).mkdir(parents=True)
    for i, (image, depth) in enumerate(zip(images, stored, strict=True)):
        picture = Image.fromarray(image)
        picture.save(root / "rgb" / f"{i:06d}.jpg", quality=98)
        Image.fromarray(depth).save(root / "depth" / f"{i:06d}.png")
    for name, numbers in (("train_795", train), ("test_654", test)):
        lines = [f"{number - 1:06d}\n" for number in numbers]
        (root / f"{name}.txt").write_text("".join(lines))
    return root
