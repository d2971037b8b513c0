"""From a photo to a depth map."""

from pathlib import Path

import numpy as np
import torch

MULTIPLE = 32  # D3-Net halves an image five times


def read_photo(path: Path) -> torch.Tensor:
    """A photo as ``(1, 3, H, W)`` in [0, 1], upright as its camera says.

    16-bit, grey, CMYK and transparent pictures are converted to RGB.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a folder, an animation, or no picture at all.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give one picture file")
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    try:
        with Image.open(path) as picture:
            if getattr(picture, "n_frames", 1) > 1:
                raise ValueError(
                    f"{path} has {picture.n_frames} frames; "
                    "save the one you mean as a still picture"
                )
            picture = ImageOps.exif_transpose(picture)
            if picture.mode.startswith("I") or picture.mode == "F":
                grey = np.asarray(picture, dtype=np.float32)
                grey = grey / (65535 if grey.max() > 255 else 255)
                array = np.repeat(grey[..., None], 3, axis=2)
            else:
                rgb = picture.convert("RGB")
                array = np.asarray(rgb, dtype=np.float32) / 255
    except UnidentifiedImageError as error:
        raise ValueError(f"{path} is no picture that Pillow reads") from error
    except OSError as error:
        raise ValueError(f"{path} is damaged or cut off ({error})") from error
    return torch.from_numpy(array).permute(2, 0, 1)[None].clamp(0, 1)


def predict_photo(model, image, size: tuple[int, int]) -> torch.Tensor:
    """Depth of one photo at the photo's own resolution.

    The photo is shrunk, keeping its shape as nearly as multiples of 32
    allow, to about as many pixels as the network was trained on; the map
    is enlarged back.

    Args:
        model: in evaluation mode.
        image: ``(1, 3, H, W)`` in [0, 1].
        size: (H, W) of the training images.

    Returns:
        Metres, ``(1, 1, H, W)``. The scale is right only as far as the
        photo's camera resembles those of the training set.
    """
    height, width = image.shape[-2:]
    shrink = (size[0] * size[1] / (height * width)) ** 0.5
    inner = [
        max(1, round(side * shrink / MULTIPLE)) * MULTIPLE
        for side in (height, width)
    ]
    small = torch.nn.functional.interpolate(
        image, size=inner, mode="bilinear", antialias=True
    )
    with torch.no_grad():
        depth = model(small)
    return torch.nn.functional.interpolate(
        depth, size=(height, width), mode="bilinear", align_corners=False
    )
