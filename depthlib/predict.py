"""From a photo to a depth map."""

import math
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

# What ``depthlib predict`` takes unless told otherwise; its card lies beside.
WEIGHTS = Path(__file__).with_name("weights") / "densedepth-nyu.safetensors"
MULTIPLE = 32  # the networks halve an image five times
MOST_STRETCH = 4  # times as many pixels as in training, for narrow photos
# A photo is worked on at most at this size: the networks see far less, and
# a point cloud of one point a pixel stays below 50 MB.
WORKING_PIXELS = 3_000_000
MOST_PIXELS = 150_000_000  # some two gigabytes of memory on the way
FILM_DIAGONAL = math.hypot(36, 24)  # millimetres, of "35 mm film"
EXIF_IFD, FOCAL_35MM, ORIENTATION = 0x8769, 0xA405, 0x0112
# EXIF's number of how a picture lies -> what puts it upright.
UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
WHITES = (1, 255, 65535)  # of pictures that do not say
# What Pillow's readers raise on files that are not what they claim to be.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error)


@dataclass(frozen=True)
class Photo:
    """A picture as the networks take it.

    Attributes:
        image: ``(1, 3, h, w)`` in [0, 1], upright, shrunk where the file
            has more than ``WORKING_PIXELS``.
        size: (H, W) of the file's picture, upright.
        focal: focal length in diagonals of the picture, where the camera
            wrote it into the file as that of 35 mm film; else None.
    """

    image: torch.Tensor
    size: tuple[int, int]
    focal: float | None


def read_photo(path: Path) -> Photo:
    """Read a still picture of any kind.

    16-bit, grey, CMYK and transparent pictures are converted to RGB. Of a
    camera's file that holds several versions of one photo (MPO) the first
    is taken.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a folder, an animation, no picture at all, or more than
            ``MOST_PIXELS``.
    """
    from PIL import Image, UnidentifiedImageError

    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give one picture file")
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    if not path.is_file() or path.stat().st_size == 0:
        raise ValueError(f"{path} is empty; give a picture file")
    try:
        # What Pillow warns of (size, notes it cannot read) is judged here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as picture:
                _refuse(picture, path)
                return _photo(picture)
    except _RefusedError:
        raise
    except UnidentifiedImageError as error:
        raise ValueError(f"{path} is no picture that Pillow reads") from error
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except PermissionError as error:
        raise ValueError(f"you may not read {path}") from error
    except BROKEN as error:
        raise ValueError(f"{path} is damaged or cut off ({error})") from error


def predict_photo(model, image, size: tuple[int, int]) -> torch.Tensor:
    """Depth of one photo at the photo's own resolution.

    The photo is shrunk, keeping its shape as nearly as multiples of 32
    allow, to about as many pixels as the network was trained on; the map
    is enlarged back. A photo that is more than some fifty times as long as
    it is wide is squeezed.

    Args:
        model: in evaluation mode.
        image: ``(1, 3, H, W)`` in [0, 1].
        size: (H, W) of the training images.

    Returns:
        Metres, ``(1, 1, H, W)``. The scale is right only as far as the
        photo's camera resembles those of the training set.
    """
    small = F.interpolate(
        image,
        size=inner_size(image.shape[-2:], size),
        mode="bilinear",
        antialias=True,
    )
    with torch.no_grad():
        depth = model(small)
    return full_size(depth, image.shape[-2:])


def inner_size(photo, size: tuple[int, int]) -> tuple[int, int]:
    """(H, W) at which a photo enters the network, multiples of 32.

    Args:
        photo: (H, W) of the photo.
        size: (H, W) of the training images.

    Example:
        >>> inner_size((3000, 4000), (96, 128)), inner_size((1, 1), (96, 128))
        ((96, 128), (96, 96))
    """
    pixels = math.prod(size)
    shrink = (pixels / math.prod(photo)) ** 0.5
    most = max(1, MOST_STRETCH * pixels // MULTIPLE**2)
    height, width = (
        min(most, max(1, round(side * shrink / MULTIPLE))) for side in photo
    )
    return height * MULTIPLE, width * MULTIPLE


def full_size(depth: torch.Tensor, size) -> torch.Tensor:
    """Depth ``(1, 1, h, w)`` at another size (H, W), bilinearly."""
    return F.interpolate(
        depth, size=tuple(size), mode="bilinear", align_corners=False
    )


def working_size(size, most: int = WORKING_PIXELS) -> tuple[int, int]:
    """(H, W) with the shape of ``size`` and at most ``most`` pixels."""
    shrink = min(1.0, (most / math.prod(size)) ** 0.5)
    height, width = (min(most, max(1, int(side * shrink))) for side in size)
    return height, width


class _RefusedError(ValueError):
    """A sound picture that is not what is asked for."""


def _refuse(picture, path: Path) -> None:
    try:
        frames = getattr(picture, "n_frames", 1)
    except BROKEN:
        frames = 1  # reading it will tell
    if frames > 1 and picture.format != "MPO":
        raise _RefusedError(
            f"{path} has {frames} frames; "
            "save the one you mean as a still picture"
        )
    if math.prod(picture.size) > MOST_PIXELS:
        raise _too_large(path)


def _too_large(path: Path) -> _RefusedError:
    return _RefusedError(
        f"{path} has more than {MOST_PIXELS / 1e6:.0f} million pixels; "
        "shrink it first"
    )


def _photo(picture) -> Photo:
    from PIL import Image

    height, width = picture.size[::-1]
    # A JPEG file is read at a fraction of its size where that is enough.
    picture.draft(None, working_size((height, width))[::-1])
    picture.load()
    turn, film = _exif(picture)
    grey = picture.mode.startswith("I") or picture.mode == "F"
    if grey:
        picture = Image.fromarray(_levels(picture))
    elif picture.mode != "RGB":
        if "transparency" in picture.info:
            picture = picture.convert("RGBA")
        picture = picture.convert("RGB")
    if turn in UPRIGHT:
        picture = picture.transpose(Image.Transpose[UPRIGHT[turn]])
        height, width = (width, height) if turn > 4 else (height, width)
    inner = working_size((height, width))
    if inner != (picture.height, picture.width):
        picture = picture.resize(inner[::-1], Image.Resampling.BOX)
    array = np.array(picture, dtype=np.float32).reshape(*inner, -1)
    array = np.broadcast_to(array if grey else array / 255, (*inner, 3))
    image = torch.from_numpy(array.transpose(2, 0, 1).copy())[None]
    focal = film / FILM_DIAGONAL if film else None
    return Photo(image.clamp(0, 1), (height, width), focal)


def _exif(picture) -> tuple[int, float]:
    """How the picture lies and its focal length on film, 0 if unknown."""
    try:
        exif = picture.getexif()
        film = float(exif.get_ifd(EXIF_IFD).get(FOCAL_35MM, 0))
        turn = exif.get(ORIENTATION, 1)
    except (*BROKEN, TypeError, KeyError):
        return 1, 0.0  # a broken note on a good picture
    return turn, film if film > 0 else 0.0


def _levels(picture) -> np.ndarray:
    """A grey picture of more than 8 bits as floats in [0, 1]."""
    levels = np.asarray(picture).astype(np.float32)
    levels = np.nan_to_num(levels, posinf=0, neginf=0)
    peak = float(levels.max())
    white = next((w for w in WHITES if peak <= w), peak)
    if picture.mode.startswith("I;16"):
        white = WHITES[-1]
    return levels / white
