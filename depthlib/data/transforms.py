"""Changes of a sample that keep image, depth, mask and camera consistent.

Samples of video (``depthlib.data.video``) keep their adjacent frames and
their motion consistent too. What is drawn at random, and for which sample, is
for the training's ``SampleStream`` to say; these functions do as they are
told.
"""

import torch

from depthlib.data.resize import shrink
from depthlib.geometry import crop_intrinsics, scale_intrinsics

Sample = dict
MAPS = ("image", "depth", "mask")
# The orders of red, green and blue that differ from the first.
COLOUR_ORDERS = ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


def mirror(sample: Sample) -> Sample:
    """The sample as seen in a mirror: ``c_x`` becomes ``W - c_x``.

    A label map of superpixels, where there is one, is mirrored with it. A
    motion keeps y and z and changes the sign of x on both of its sides.
    """
    names = (*MAPS, *(n for n in ("labels", "adjacent") if n in sample))
    changed = {name: sample[name].flip(-1) for name in names}
    intrinsics = sample["intrinsics"].clone()
    intrinsics[0, 1] *= -1
    intrinsics[0, 2] = sample["image"].shape[-1] - intrinsics[0, 2]
    if "motion" in sample:
        sign = sample["motion"].new_tensor([-1.0, 1, 1, 1])
        changed["motion"] = sign[:, None] * sample["motion"] * sign
    return sample | changed | {"intrinsics": intrinsics}


def crop(sample: Sample, top: int, left: int, size) -> Sample:
    """The window of ``size`` (H, W) whose first pixel is (top, left)."""
    height, width = sample["image"].shape[-2:]
    bottom, right = top + size[0], left + size[1]
    if top < 0 or left < 0 or bottom > height or right > width:
        raise ValueError(
            f"a window of {size[0]} x {size[1]} at ({top}, {left}) does not "
            f"fit into an image of {height} x {width}"
        )
    names = (*MAPS, "adjacent") if "adjacent" in sample else MAPS
    changed = {
        name: sample[name][..., top:bottom, left:right] for name in names
    }
    matrix = crop_intrinsics(sample["intrinsics"], top, left)
    return sample | changed | {"intrinsics": matrix}


def resize(sample: Sample, size) -> Sample:
    """The whole sample at another size (H, W).

    Images are averaged, or interpolated where they grow. Depth and mask
    take the nearest pixel: a mean of two surfaces is a depth at which there
    is none. Depth keeps its values; the camera's focal lengths follow.
    """
    old = tuple(sample["image"].shape[-2:])
    size = (int(size[0]), int(size[1]))
    if size == old:
        return dict(sample)
    maps = torch.stack([sample["depth"], sample["mask"].float()])
    maps = torch.nn.functional.interpolate(
        maps, size=size, mode="nearest-exact"
    )
    changed = {
        "image": shrink(sample["image"], size),
        "depth": maps[0],
        "mask": maps[1] > 0,
        "intrinsics": scale_intrinsics(sample["intrinsics"], old, size),
    }
    if "adjacent" in sample:
        frames = [shrink(frame, size) for frame in sample["adjacent"]]
        changed["adjacent"] = torch.stack(frames)
    return sample | changed


def swap_colours(sample: Sample, order) -> Sample:
    """The sample with its colour channels in another order.

    DenseDepth (2018, section 3.3) swaps channels in a quarter of the images,
    so that the network cannot lean on what is usually which colour.

    Args:
        sample: any sample.
        order: three channel numbers, such as one of ``COLOUR_ORDERS``.
    """
    names = ("image", "adjacent") if "adjacent" in sample else ("image",)
    order = list(order)
    return sample | {n: sample[n][..., order, :, :] for n in names}
