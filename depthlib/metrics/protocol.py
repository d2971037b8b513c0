"""Protocols: everything beside the formula that decides a metric's value.

The same predictions score differently under another crop, cap, averaging or
scaling; a number without its protocol cannot be compared with anything.
"""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from depthlib.metrics.depth import MetricTally, check_average, check_range
from depthlib.metrics.inputs import as_pair, valid_pixels
from depthlib.metrics.scaling import median_scale

__all__ = ["PROTOCOLS", "Protocol", "enlarge"]


@dataclass(frozen=True)
class Protocol:
    """How predictions become scores. Change one with dataclasses.replace.

    A prediction goes through these steps, in this order:

    1. enlarged (bilinear, align_corners=False) to the size of the truth if
       the sizes differ; the truth is never resized;
    2. cropped, with the truth and its mask;
    3. with ``scaling="median"`` multiplied, each image on its own, by
       median(truth) / median(prediction) over the valid pixels of the crop;
    4. clipped to [min_depth, max_depth] and compared with the truth at the
       valid pixels (`depth_metrics`).

    Attributes:
        name: as in `PROTOCOLS`.
        crop: (top, bottom, left, right), half-open, or None for the whole
            image; pixels of an image of size `frame`, or fractions of height
            and width if `frame` is None.
        frame: (height, width) that a crop in pixels refers to. For images of
            another size the crop is scaled in proportion and rounded to
            whole pixels; fractions are truncated, as is the custom for
            KITTI.
        min_depth: metres; truth at or below it does not count.
        max_depth: metres; truth at or above it does not count.
        scaling: "none" or "median".
        flip: `predict` averages the prediction of the image and that of its
            mirror image, in metres.
        average: "image" (the headline), "pixel" or "none".

    Raises:
        ValueError: a name or a depth range is none of these, or the crop
            does not lie inside its frame.
    """

    name: str
    crop: tuple[float, float, float, float] | None = None
    frame: tuple[int, int] | None = None
    min_depth: float = 1e-3
    max_depth: float | None = None
    scaling: str = "none"
    flip: bool = False
    average: str = "image"

    def __post_init__(self) -> None:
        check_range(self.min_depth, self.max_depth)
        check_average(self.average)
        _check_crop(self.crop, self.frame)
        if self.scaling not in ("none", "median"):
            raise ValueError(
                f'scaling is {self.scaling!r}; choose "none" or "median"'
            )

    def crop_box(self, height: int, width: int) -> tuple[int, int, int, int]:
        """(top, bottom, left, right) in pixels, half-open.

        Example:
            >>> PROTOCOLS["nyu_eigen"].crop_box(240, 320)
            (10, 230, 12, 308)
        """
        if self.crop is None:
            return 0, height, 0, width
        top, bottom, left, right = self.crop
        if self.frame is None:
            rows, columns, whole = height, width, int
        else:
            rows, columns = height / self.frame[0], width / self.frame[1]
            whole = round
        return (
            whole(top * rows),
            whole(bottom * rows),
            whole(left * columns),
            whole(right * columns),
        )

    def crop_mask(self, height: int, width: int) -> Tensor:
        """Bool ``(height, width)``, True inside the crop."""
        top, bottom, left, right = self.crop_box(height, width)
        mask = torch.zeros(height, width, dtype=torch.bool)
        mask[top:bottom, left:right] = True
        return mask

    def prepare(self, prediction, target, mask=None):
        """Steps 1 to 3 above.

        Returns:
            ``(prediction, target, mask)``, each ``(B, 1, h, w)`` with the
            size of the crop; the mask stays None if it was.

        Raises:
            ValueError: shapes do not fit, the crop leaves nothing, or a
                median cannot be taken.
        """
        prediction, target, mask = as_pair(
            prediction, target, mask, same_size=False
        )
        size = tuple(target.shape[-2:])
        prediction = enlarge(prediction, size)
        top, bottom, left, right = self.crop_box(*size)
        if top >= bottom or left >= right:
            raise ValueError(
                f"the crop of {self.name} leaves no pixel of a "
                f"{size[0]} x {size[1]} image; use larger images"
            )
        prediction, target, mask = (
            None if x is None else x[..., top:bottom, left:right]
            for x in (prediction, target, mask)
        )
        if self.scaling == "median":
            valid = valid_pixels(target, mask, self.min_depth, self.max_depth)
            prediction = median_scale(prediction.double(), target, valid)
        return prediction, target, mask

    def tally(self) -> MetricTally:
        """An empty tally that scores batches under this protocol."""
        return MetricTally(
            min_depth=self.min_depth,
            max_depth=self.max_depth,
            prepare=self.prepare,
        )

    def evaluate(
        self, prediction, target, mask=None, average: str | None = None
    ) -> dict:
        """Metrics under this protocol.

        Args:
            prediction: ``(B, 1, h, w)``, metres, of any size.
            target: ``(B, 1, H, W)``, metres.
            mask: bool ``(B, 1, H, W)``, True where the depth is known.
            average: overrides the protocol's own.

        Returns:
            As `depth_metrics`.

        Raises:
            ValueError: as `prepare` and `depth_metrics`.
        """
        tally = self.tally()
        tally.add(prediction, target, mask)
        return tally.result(self.average if average is None else average)

    def predict(
        self, model: Callable[..., Tensor], image: Tensor, *others: Tensor
    ) -> Tensor:
        """Depth of a batch, with flip averaging if the protocol has it.

        A module runs in evaluation mode, without gradients, and gets its
        modes back afterwards.

        Args:
            model: maps images ``(B, 3, H, W)`` to metres ``(B, 1, h, w)``.
            image: ``(B, 3, H, W)`` in [0, 1].
            others: what else the model takes, with W last, such as the
                neighbouring frames ``(B, 2, 3, H, W)``.
        """
        inputs = (image, *others)
        with torch.no_grad(), _evaluating(model):
            depth = model(*inputs)
            if self.flip:
                mirrored = model(*(x.flip(-1) for x in inputs))
                depth = (depth + mirrored.flip(-1)) / 2
        return depth

    def describe(self) -> str:
        """The protocol as one sentence, for the page that shows numbers.

        Example:
            >>> print(PROTOCOLS["rooms"].describe())
            Protocol rooms: the whole image, true depths between 0.4 and 10 \
m; predictions enlarged bilinearly to the size of the truth, clipped to that \
range, no median scaling, no flip averaging; metrics averaged over images.
        """
        area = "the whole image"
        if self.crop is not None:
            top, bottom, left, right = self.crop
            unit = "of height and width"
            if self.frame is not None:
                unit = f"of a {self.frame[0]} x {self.frame[1]} frame"
                unit += " (in proportion at other sizes)"
            area = (
                f"rows [{top:g}, {bottom:g}) and columns [{left:g}, "
                f"{right:g}) {unit}"
            )
        depths = f"above {self.min_depth:g} m"
        if self.max_depth is not None:
            depths = f"between {self.min_depth:g} and {self.max_depth:g} m"
        scaling = "no median scaling"
        if self.scaling == "median":
            scaling = "after scaling each image to the median of its truth"
        flip = "averaged with the mirror image's" if self.flip else None
        average = {
            "image": "averaged over images",
            "pixel": "over the pixels of all images together",
        }.get(self.average, "given for each image")
        return (
            f"Protocol {self.name}: {area}, true depths {depths}; predictions "
            "enlarged bilinearly to the size of the truth, clipped to that "
            f"range, {scaling}, {flip or 'no flip averaging'}; metrics "
            f"{average}."
        )


def enlarge(prediction: Tensor, size: tuple[int, int]) -> Tensor:
    """Depth ``(B, 1, h, w)`` at another size, bilinearly (step 1)."""
    if tuple(prediction.shape[-2:]) == size:
        return prediction
    return F.interpolate(
        prediction, size=size, mode="bilinear", align_corners=False
    )


def _check_crop(crop, frame) -> None:
    if frame is not None and not (len(frame) == 2 and min(frame) > 0):
        raise ValueError(
            f"frame is {frame}; give (height, width) in pixels, above 0"
        )
    if crop is None:
        return
    height, width = (1, 1) if frame is None else frame
    top, bottom, left, right = crop if len(crop) == 4 else (0, 0, 0, 0)
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        unit = "a crop in pixels needs the frame that it refers to"
        if frame is not None:
            unit = f"pixels of the frame {frame}"
        raise ValueError(
            f"crop is {crop}; expected (top, bottom, left, right) with "
            f"0 <= top < bottom <= {height} and 0 <= left < right <= {width} "
            f"({unit})"
        )


@contextmanager
def _evaluating(model):
    """Evaluation mode for a module, then each part's own mode again."""
    parts = model.modules() if isinstance(model, torch.nn.Module) else ()
    training = [part for part in parts if part.training]
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _nyu(name: str, *crop: int) -> Protocol:
    return Protocol(name, crop=crop, frame=(480, 640), max_depth=10.0)


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        # Eigen et al. (2014), used by DenseDepth and most since.
        _nyu("nyu_eigen", 20, 460, 24, 616),
        # Lee et al. (2019), kept by AdaBins and Marigold.
        _nyu("nyu_bts", 45, 471, 41, 601),
        # Garg et al. (2016), fractions of the image.
        Protocol(
            "kitti_garg",
            crop=(0.40810811, 0.99189189, 0.03594771, 0.96405229),
            max_depth=80.0,
        ),
        Protocol(
            "kitti_eigen",
            crop=(0.3324324, 0.91351351, 0.0359477, 0.96405229),
            max_depth=80.0,
        ),
        # Liu et al. (2014): C1 is the near part of the scene, C2 all of it.
        Protocol("make3d_c1", max_depth=70.0),
        Protocol("make3d_c2", max_depth=80.0),
        # The drawn sets of this package.
        Protocol("rooms", min_depth=0.4, max_depth=10.0),
        Protocol("streets", min_depth=1.0, max_depth=80.0),
        Protocol("cards", min_depth=1.0, max_depth=80.0),
    )
}
