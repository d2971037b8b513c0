"""Reading pictures and depth maps from files, with errors that name them."""

from io import BytesIO
from pathlib import Path

import numpy as np


class DataError(ValueError):
    """A data set on disk is not what it should be; the message says where."""


def require(path: Path, what: str, remedy: str) -> Path:
    """``path``, or a ``DataError`` where it does not exist."""
    if not path.exists():
        raise DataError(f"{path} is missing ({what}); {remedy}")
    return path


def read_text(path: Path) -> str:
    """A text file, with or without the mark that some editors put first."""
    return path.read_text(encoding="utf-8-sig", errors="replace")


def read_image(path: Path, content: bytes | None = None) -> np.ndarray:
    """An RGB picture as ``(H, W, 3)`` uint8.

    Args:
        path: of the file.
        content: what it holds, where it lies in an archive; the path is then
            for errors only.

    Raises:
        DataError: the file is missing, damaged, no picture, or has more
            than 8 bits a channel, which would be cut off.
    """
    picture = _opened(path, content)
    if picture.mode.startswith("I") or picture.mode == "F":
        raise DataError(
            f"{path} stores numbers of more than 8 bits; a picture has 8 a "
            "channel, is this the depth map?"
        )
    return np.asarray(picture.convert("RGB"))


def read_grey(path: Path, content: bytes | None = None) -> np.ndarray:
    """A one-channel PNG or TIFF as it is stored: uint8, uint16 or float32.

    Args:
        path: of the file.
        content: as ``read_image`` takes it.

    Raises:
        DataError: the file is missing, damaged, no picture, or has several
            channels; depth has one.
    """
    picture = _opened(path, content)
    if picture.mode in ("1", "P"):
        # A palette's numbers name colours; they are no measure of anything.
        raise DataError(
            f"{path} has a palette; a depth map holds numbers, 8 or 16 bit"
        )
    array = np.asarray(picture)
    if array.ndim != 2:
        raise DataError(
            f"{path} has shape {array.shape}; a depth map has one channel, "
            "is this the colour image?"
        )
    # Pillow opens 16-bit PNG as 32-bit integers in some of its versions.
    if array.dtype.kind == "i" and array.max(initial=0) <= 65535:
        array = array.astype(np.uint16)
    # Some TIFF files keep the other order of bytes.
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def read_depth(path: Path) -> np.ndarray:
    """Depth as it is stored, ``(H, W)``: PNG, TIFF or ``.npy``.

    Raises:
        DataError: the file is missing, damaged, or holds something else.
    """
    if path.suffix.lower() != ".npy":
        return read_grey(path)
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing") from error
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{path} is no .npy array of numbers, or is cut off ({error})"
        ) from error
    array = array.squeeze() if array.ndim == 3 else array
    if array.ndim != 2 or array.dtype.kind not in "fui":
        raise DataError(
            f"{path} holds {array.dtype} of shape {array.shape}; expected "
            "numbers of shape (H, W)"
        )
    return array


def read_camera(path: Path) -> np.ndarray:
    """The 3 x 3 matrix of a text file, float32, as it is stored.

    Raises:
        DataError: the file is missing or holds no camera.
    """
    try:
        matrix = np.loadtxt(path, dtype=np.float32)
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing (a camera's matrix)") from error
    except ValueError as error:
        raise DataError(f"{path} holds no numbers ({error})") from error
    good = matrix.shape == (3, 3) and np.isfinite(matrix).all()
    if not good or min(matrix[0, 0], matrix[1, 1]) <= 0:
        raise DataError(
            f"{path} holds no camera; expected three lines 'fx 0 cx', "
            "'0 fy cy', '0 0 1' in pixels"
        )
    return matrix


def _opened(path: Path, content: bytes | None = None):
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(
            path if content is None else BytesIO(content)
        ) as picture:
            picture.load()
            return picture
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing") from error
    except UnidentifiedImageError as error:
        raise DataError(
            f"{path} is no picture; replace it by the original file"
        ) from error
    except Image.DecompressionBombError as error:
        raise DataError(f"{path} is too large to be a photo") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(
            f"{path} is damaged or cut off ({error}); copy it again"
        ) from error
