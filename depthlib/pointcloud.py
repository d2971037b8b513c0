"""A photo and its depth as points in space, in a file for other programs."""

import math
from pathlib import Path

import numpy as np
import torch

from depthlib.geometry import unproject
from depthlib.writing import whole

POINT = np.dtype(
    [
        *((name, "<f4") for name in ("x", "y", "z")),
        *((name, "u1") for name in ("red", "green", "blue")),
    ]
)
CAMERAS = 50  # images of a training set whose cameras are asked


def focal_of_fov(degrees: float, size) -> float:
    """Focal length in diagonals of the picture from its field of view.

    In diagonals it is the same for every size, and for a picture that was
    taken upright.

    Args:
        degrees: horizontal field of view.
        size: (H, W) of the picture.

    Raises:
        ValueError: not between 0 and 180 degrees.
    """
    if not 0 < degrees < 180:
        raise ValueError(
            f"fov is {degrees}; give degrees between 0 and 180, as in 60"
        )
    half = size[1] / 2 / math.tan(math.radians(degrees) / 2)
    return half / math.hypot(*size)


def fov_of_focal(focal: float, size) -> float:
    """Horizontal field of view in degrees: inverse of ``focal_of_fov``."""
    pixels = focal * math.hypot(*size)
    return math.degrees(2 * math.atan(size[1] / 2 / pixels))


def training_focal(data) -> float:
    """Mean focal length in diagonals of the cameras of a training set."""
    focals = []
    for i in range(min(len(data), CAMERAS)):
        sample = data[i]
        diagonal = math.hypot(*sample["image"].shape[-2:])
        focals.append(float(sample["intrinsics"][0, 0]) / diagonal)
    return sum(focals) / len(focals)


def choose_focal(fov: float | None, photo, about: dict) -> tuple[float, str]:
    """Focal length in diagonals, and words for where it is from.

    Args:
        fov: horizontal field of view in degrees, if somebody knows it.
        photo: a ``depthlib.predict.Photo``, whose camera may have said.
        about: of the weights; holds ``focal``, that of the training camera.

    Raises:
        ValueError: nobody knows, or an impossible field of view.
    """
    if fov is not None:
        return focal_of_fov(fov, photo.size), "as given"
    if photo.focal:
        return photo.focal, "from the photo's EXIF"
    if "focal" not in about:
        raise ValueError("these weights know no camera; give --fov DEGREES")
    return about["focal"], "the training camera's; give --fov for yours"


def camera(focal: float, size) -> torch.Tensor:
    """Intrinsics ``(3, 3)`` in pixels, the axis through the middle.

    Args:
        focal: in diagonals of the picture.
        size: (H, W).
    """
    height, width = size
    pixels = focal * math.hypot(height, width)
    return torch.tensor(
        [[pixels, 0, width / 2], [0, pixels, height / 2], [0, 0, 1]]
    )


def write_ply(path: Path, image, depth, focal: float) -> int:
    """Write one coloured point a pixel as a binary PLY file.

    Metres; x to the right, y down, z along the optical axis, as everywhere
    in depthlib. The file is complete or absent.

    Args:
        path: ends in ``.ply``.
        image: ``(1, 3, H, W)`` in [0, 1].
        depth: ``(1, 1, H, W)``, metres.
        focal: in diagonals of the picture.

    Returns:
        The number of points.
    """
    size = depth.shape[-2:]
    places = unproject(depth, camera(focal, size))[0].flatten(1)
    levels = (image[0].flatten(1) * 255).round().clamp(0, 255)
    points = np.empty(places.shape[1], POINT)
    for name, values in zip(POINT.names, [*places, *levels], strict=True):
        points[name] = values.numpy()
    kinds = ["float"] * 3 + ["uchar"] * 3
    header = [
        "ply",
        "format binary_little_endian 1.0",
        "comment metres; x right, y down, z forward",
        f"element vertex {len(points)}",
        *(
            f"property {k} {n}"
            for k, n in zip(kinds, POINT.names, strict=True)
        ),
        "end_header\n",
    ]
    with whole(path) as temporary, temporary.open("wb") as file:
        file.write("\n".join(header).encode("ascii"))
        file.write(points.tobytes())
    return len(points)
