"""Official ImageNet weights of the encoders, by pinned name and hash.

The files are torchvision's own; the eight hexadecimal digits in a name are
the start of the file's SHA-256, which is checked after the download.
"""

from urllib.error import URLError

import torch
from torch import Tensor

__all__ = ["IMAGENET_FILES", "imagenet_state", "load_weights"]

HOST = "https://download.pytorch.org/models/"

IMAGENET_FILES = {
    "densenet121": "densenet121-a639ec97.pth",
    "densenet169": "densenet169-b2777c0a.pth",
    "densenet201": "densenet201-c1103571.pth",
    "resnet18": "resnet18-f37072fd.pth",
    "resnet34": "resnet34-b627a593.pth",
    "resnet50": "resnet50-0676ba61.pth",
    "resnet101": "resnet101-63fe2227.pth",
}


def imagenet_state(name: str) -> dict[str, Tensor]:
    """Official state dict of an encoder, classifier included.

    Downloaded once into the cache of `torch.hub` (``TORCH_HOME``).

    Args:
        name: a key of `IMAGENET_FILES`.

    Raises:
        FileNotFoundError: no copy here, and the download failed.
        ValueError: the downloaded file does not have the pinned hash.
    """
    file = IMAGENET_FILES[name]
    try:
        return torch.hub.load_state_dict_from_url(
            HOST + file,
            map_location="cpu",
            check_hash=True,
            progress=False,
            weights_only=True,
        )
    except (URLError, TimeoutError, ConnectionError) as error:
        raise FileNotFoundError(
            f"ImageNet weights {file} are not in {torch.hub.get_dir()} and "
            f"cannot be downloaded from {HOST} ({error}); connect once, put "
            "the file into the folder checkpoints there, or use "
            "weights=None, which works offline."
        ) from error
    except RuntimeError as error:
        if "invalid hash value" not in str(error):
            raise
        raise ValueError(
            f"the download of {file} does not have its pinned hash and was "
            "dropped; try again, or use weights=None."
        ) from error


def load_weights(
    encoder: torch.nn.Module,
    name: str,
    weights: str | None,
    changed: bool,
) -> None:
    """Fill an encoder with ImageNet weights if asked for.

    Args:
        encoder: has torchvision's names; a convolution that replaces the
            first pooling has no official weights and keeps its own.
        name: a key of `IMAGENET_FILES`.
        weights: None (nothing to do) or "imagenet".
        changed: width or block lengths differ from the official network.

    Raises:
        ValueError: other weights, or a changed network.
        FileNotFoundError: see `imagenet_state`.
    """
    if weights is None:
        return
    if weights != "imagenet":
        raise ValueError(
            f'weights is {weights!r}; give "imagenet" or None (random).'
        )
    if changed:
        raise ValueError(
            f'weights="imagenet" fits the official {name} alone; leave width '
            "at 1.0 and blocks at None, or use weights=None."
        )
    report = encoder.load_state_dict(imagenet_state(name), strict=False)
    # Only the replaced pooling may be without weights.
    missing = [key for key in report.missing_keys if "pool" not in key]
    if missing or report.unexpected_keys:
        raise ValueError(
            f"the weights {IMAGENET_FILES[name]} do not fit {name}: missing "
            f"{missing[:3]}, unexpected {report.unexpected_keys[:3]}."
        )
