"""Tiny data sets in exactly the official layouts."""

import kitti_files
import numpy as np
import pytest
from PIL import Image

SIZE = (24, 32)
TRAIN, TEST = ["000002", "000000", "000003"], ["000001", "000004"]


@pytest.fixture
def scenes():
    """Five pictures ``(24, 32, 3)`` and their metres ``(24, 32)``.

    Colours are smooth, so that JPEG keeps them to a few levels.
    """
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    images, depths = [], []
    for _ in range(5):
        slopes = rng.uniform(1, 3, (3, 2))
        image = np.stack([60 + a * rows + b * columns for a, b in slopes], -1)
        images.append(image.astype(np.uint8))
        depth = rng.uniform(1.5, 3) + 0.03 * rows + 0.05 * columns
        depths.append(depth.astype(np.float32))
    return images, depths


@pytest.fixture
def nyu_mat(tmp_path, scenes):
    """``nyu_depth_v2_labeled.mat`` and ``splits.mat`` as MATLAB writes."""
    import h5py
    from scipy.io import savemat

    images, depths = scenes
    root = tmp_path / "mat"
    root.mkdir()
    with h5py.File(root / "nyu_depth_v2_labeled.mat", "w") as file:
        file["images"] = np.stack([x.transpose(2, 1, 0) for x in images])
        file["depths"] = np.stack([x.T for x in depths])
    numbers = {
        "trainNdxs": np.array([[int(x) + 1] for x in TRAIN], np.uint16),
        "testNdxs": np.array([[int(x) + 1] for x in TEST], np.uint16),
    }
    savemat(root / "splits.mat", numbers)
    return root


@pytest.fixture
def nyu_folder(tmp_path, scenes):
    """The folder of pictures, its depth the 8-bit copy."""
    root = tmp_path / "folder"
    (root / "rgb").mkdir(parents=True)
    (root / "depth").mkdir()
    for i, (image, depth) in enumerate(zip(*scenes, strict=True)):
        name = f"{i:06d}"
        Image.fromarray(image).save(root / "rgb" / f"{name}.jpg", quality=95)
        levels = np.floor(depth * 255 / 9.99547).astype(np.uint8)
        Image.fromarray(levels).save(root / "depth" / f"{name}.png")
    (root / "train_795.txt").write_text("\n".join(TRAIN) + "\n")
    (root / "test_654.txt").write_text("\n".join(TEST) + "\n")
    return root


@pytest.fixture
def folder(tmp_path, scenes):
    """A folder of one's own: PNG pictures, 16-bit millimetres."""
    root = tmp_path / "mine"
    (root / "images").mkdir(parents=True)
    (root / "depths").mkdir()
    for i, (image, depth) in enumerate(zip(*scenes, strict=True)):
        Image.fromarray(image).save(root / "images" / f"p{i}.png")
        millimetres = np.round(depth * 1000).astype(np.uint16)
        Image.fromarray(millimetres).save(root / "depths" / f"p{i}.png")
    return root


@pytest.fixture
def kitti_raw(tmp_path):
    """Three frames of KITTI raw: root and scenes."""
    return kitti_files.write_raw(tmp_path / "raw")


@pytest.fixture
def kitti_pairs(tmp_path):
    """Three KITTI pictures beside their maps: root and scenes."""
    return kitti_files.write_pairs(tmp_path / "pairs")
