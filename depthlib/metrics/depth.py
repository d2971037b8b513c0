"""The standard suite of depth metrics.

The definitions are those of Eigen et al. (2014). What papers leave open is
decided here, once: predictions are clipped to the depth range, thresholds
are strict, logarithms are natural except in log10, every operation runs in
double precision, and the mean over images is the headline.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from depthlib.metrics.bounds import check_bounds
from depthlib.metrics.inputs import as_pair, valid_pixels

__all__ = ["DIRECTIONS", "METRICS", "MetricTally", "depth_metrics"]

# Which way is better; of other measures, see ``QUALITY_DIRECTIONS``.
DIRECTIONS = {
    "abs_rel": "lower",
    "sq_rel": "lower",
    "rmse": "lower",
    "rmse_log": "lower",
    "log10": "lower",
    "silog": "lower",
    "delta1": "higher",
    "delta2": "higher",
    "delta3": "higher",
}
METRICS = tuple(DIRECTIONS)

PIECE_PIXELS = 1 << 16


def depth_metrics(
    prediction,
    target,
    mask=None,
    *,
    min_depth: float = 1e-3,
    max_depth: float | None = None,
    average: str = "image",
) -> dict:
    """Errors and accuracies of predicted depth.

    With y the target and p the prediction clipped to [min_depth, max_depth],
    over the valid pixels:

    ========  ====================================================
    abs_rel   mean of abs(p - y) / y
    sq_rel    mean of (p - y)^2 / y, metres
    rmse      root of the mean of (p - y)^2, metres
    rmse_log  root of the mean of d^2, d = ln p - ln y
    log10     mean of abs(log10 p - log10 y)
    silog     100 times the standard deviation (population) of d
    delta_i   share of pixels with max(p / y, y / p) < 1.25^i
    ========  ====================================================

    A pixel is valid where the mask is True, the target is finite and
    min_depth < target < max_depth, both strict.

    Args:
        prediction: ``(B, 1, H, W)``, metres; ``(B, H, W)``, ``(H, W)`` and
            NumPy arrays are taken too.
        target: same shape, metres.
        mask: bool, same shape, True where the depth is known; None: all.
        min_depth: metres, above 0.
        max_depth: metres, or None for no cap.
        average: "image", the mean over images of each image's metrics;
            "pixel", one value over all valid pixels together; "none", a
            ``(B,)`` float64 tensor for each metric.

    Returns:
        Metric name -> float (or tensor), in the order of `METRICS`.

    Raises:
        ValueError: shapes differ, depths are stored numbers, an image has no
            valid pixel, a prediction is NaN (or infinite without a cap) at a
            valid pixel, or an option makes no sense.

    Example:
        Twice too far everywhere: the scale-free silog does not mind.

        >>> truth = torch.tensor([[[[1.0, 2.0]]]])
        >>> scores = depth_metrics(2 * truth, truth)
        >>> scores["abs_rel"], scores["silog"], scores["delta3"]
        (1.0, 0.0, 0.0)
    """
    tally = MetricTally(min_depth=min_depth, max_depth=max_depth)
    tally.add(prediction, target, mask)
    return tally.result(average)


class MetricTally:
    """Collects images batch by batch and averages at the end.

    Means over batches of pooled metrics are wrong (a root is not linear), so
    the tally keeps eleven sums for each image and takes roots last.

    Args:
        min_depth: as in `depth_metrics`.
        max_depth: as in `depth_metrics`.
        prepare: applied to (prediction, target, mask) before scoring; see
            `Protocol.tally`.

    Example:
        >>> tally = MetricTally(max_depth=10.0)
        >>> for scale in (1.0, 1.5):
        ...     tally.add(scale * torch.ones(4, 5), torch.ones(4, 5))
        >>> len(tally), tally.result("image")["rmse"]
        (2, 0.25)
        >>> round(tally.result("pixel")["rmse"], 4)
        0.3536
    """

    def __init__(
        self,
        *,
        min_depth: float = 1e-3,
        max_depth: float | None = None,
        prepare: Callable | None = None,
    ) -> None:
        check_range(min_depth, max_depth)
        self._range = (min_depth, max_depth)
        self._prepare = prepare
        self._rows: list[Tensor] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, prediction, target, mask=None) -> None:
        """Score one batch; arguments and errors as in `depth_metrics`.

        A batch that raises leaves the tally as it was.
        """
        if self._prepare is not None:
            prediction, target, mask = self._prepare(prediction, target, mask)
        prediction, target, mask = as_pair(prediction, target, mask)
        valid = valid_pixels(target, mask, *self._range)
        rows = []
        # One image at a time: measured five times faster than the batch,
        # whose temporaries leave the cache.
        for i in range(len(target)):
            where = f"image {len(self) + i}"
            rows.append(
                _sums(prediction[i], target[i], valid[i], self._range, where)
            )
        self._rows += rows

    def result(self, average: str = "image") -> dict:
        """Metrics of all images so far; see `depth_metrics`.

        Raises:
            ValueError: nothing was added, or another name of an average.
        """
        check_average(average)
        if not self._rows:
            raise ValueError("the tally holds no image; call add first")
        sums = torch.stack(self._rows)
        if average == "pixel":
            sums = _pool(sums)
        values = _finish(sums)
        self._assert_possible(values)
        if average == "none":
            return values
        return {name: float(v.mean()) for name, v in values.items()}

    def _assert_possible(self, values: dict[str, Tensor]) -> None:
        """A result outside the bounds is a fault of this file: say so.

        Every row here is one set of pixels, whatever the average asked for;
        means over rows then satisfy the bounds for means.
        """
        low, high = self._range
        ratio = None if high is None else high / low
        columns = zip(*(v.tolist() for v in values.values()), strict=True)
        for row in columns:
            broken = check_bounds(
                dict(zip(values, row, strict=True)),
                "pixel",
                min_depth=low,
                max_depth=high,
                largest_ratio=ratio,
                # 1 - delta loses digits when one pixel of 1e8 fails.
                tolerance=1e-6,
            )
            if broken:
                raise AssertionError(
                    "depth_metrics computed an impossible row; please report "
                    "it: " + "; ".join(map(str, broken))
                )


def check_average(average: str) -> None:
    """Raise ValueError unless it names an average of `depth_metrics`."""
    if average not in ("image", "pixel", "none"):
        raise ValueError(
            f'average is {average!r}; choose "image", "pixel" or "none"'
        )


def check_range(min_depth: float, max_depth: float | None) -> None:
    """Raise ValueError unless 0 < min_depth < max_depth (None: no cap)."""
    cap = math.inf if max_depth is None else max_depth
    if not 0 < min_depth < cap:
        raise ValueError(
            f"min_depth is {min_depth} and max_depth {max_depth}; expected "
            "0 < min_depth < max_depth, in metres (the logarithm needs "
            "min_depth above 0)"
        )


def _sums(prediction, target, valid, depth_range, where) -> Tensor:
    """The eleven sums of one image, ``(11,)`` float64 on the CPU."""
    at = valid.flatten().nonzero().squeeze(1)
    if len(at) == 0:
        raise ValueError(
            f"{where} has no valid pixel; check its mask, the crop and the "
            f"depth range {depth_range} against the depth's unit (metres)"
        )
    prediction, target = prediction.flatten(), target.flatten()
    parts = []
    # Pieces whose temporaries stay in the cache: a third faster.
    for piece in at.split(PIECE_PIXELS):
        y = target.index_select(0, piece).double()
        p = prediction.index_select(0, piece).double().clamp(*depth_range)
        # A sum is NaN or infinite as soon as one of its terms is.
        if not torch.isfinite(p.sum()):
            raise ValueError(
                f"the prediction of {where} is NaN or infinite at a valid "
                "pixel; a network that diverged gives this"
            )
        parts.append(_piece_sums(p, y))
    return _pool(torch.stack(parts))[0].cpu()


def _piece_sums(p: Tensor, y: Tensor) -> Tensor:
    """The eleven sums of some pixels, predictions and truths ``(n,)``."""
    error = p - y
    relative = error.abs() / y
    # max(p/y, y/p) with one rounding, so that "< 1.25" is exact; its
    # logarithm is |d|.
    ratio = torch.maximum(p, y) / torch.minimum(p, y)
    failed = [(ratio >= 1.25**k).sum() for k in (1, 2, 3)]
    log = ratio.log_()
    log_sum, log_square = log.sum(), log.dot(log)
    signed = log.copysign_(error)
    log_mean = signed.mean()
    spread = signed.sub_(log_mean)
    return torch.stack(
        [
            log_mean.new_tensor(len(p)),
            relative.sum(),
            relative.dot(error.abs()),
            error.dot(error),
            log_square,
            log_sum,
            *(count.to(log_mean) for count in failed),
            log_mean,
            spread.dot(spread),
        ]
    )


def _pool(sums: Tensor) -> Tensor:
    """All rows of sums as one: ``(N, 11)`` to ``(1, 11)``."""
    count, mean = sums[:, 0], sums[:, 9]
    pooled = sums.sum(0)
    pooled[9] = (count * mean).sum() / count.sum()
    # Variance within rows plus variance between them (Chan et al. 1979):
    # E[d^2] - E[d]^2 would lose half the digits when all d are equal.
    pooled[10] += (count * (mean - pooled[9]).square()).sum()
    return pooled.unsqueeze(0)


def _finish(sums: Tensor) -> dict[str, Tensor]:
    """Metrics of each row of sums, ``(N,)`` each."""
    count = sums[:, 0]
    rel, sq, square, log_square, log_sum, f1, f2, f3, _, spread = (
        sums[:, 1:] / count.unsqueeze(1)
    ).unbind(1)
    return {
        "abs_rel": rel,
        "sq_rel": sq,
        "rmse": square.sqrt(),
        "rmse_log": log_square.sqrt(),
        "log10": log_sum / math.log(10),
        "silog": 100 * spread.sqrt(),
        "delta1": 1 - f1,
        "delta2": 1 - f2,
        "delta3": 1 - f3,
    }
