"""Score a network on a data set under a protocol."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

from depthlib.metrics import (
    Protocol,
    bin_spread,
    edge_f1,
    edge_f1_ranges,
    gradient_ratio,
    high_frequency_ratio,
    mssim,
    normal_error,
    residual_share,
    scale_share,
)
from depthlib.metrics.protocol import enlarge
from depthlib.training.inputs import inputs_of

RESIDUAL_EPSILON = 0.05  # metres: "the error is as good as zero"
NEAREST = 0.4  # metres: nearer than this no camera of the book looks
FARTHEST = 80.0  # metres, where a protocol has no cap


@dataclass(frozen=True)
class Evaluation:
    """Scores of one network on one data set.

    Attributes:
        per_image: metric name -> ``(n,)`` array, the protocol's suite.
        image: means over images (the headline).
        pixel: the same suite over all pixels pooled.
        quality: ``residual_share`` (share of errors below 5 cm), mean over
            images; ``scale_share`` and ``bin_spread`` (over four ``ranges``
            of depth), of predictions clipped to the protocol's range; over
            the images in which any 3 x 3 pixels are known, if there are
            some, ``edge_f1``, ``gradient_ratio``, ``normal_error``
            (degrees), ``edge_f1_near``, ``_middle`` and ``_far``; over
            those whose truth has no hole ``high_frequency_ratio``;
            ``mssim`` if none has one and there is a farthest depth.
    """

    per_image: dict[str, np.ndarray]
    image: dict[str, float]
    pixel: dict[str, float]
    quality: dict[str, float]


def predict_all(model, data, protocol: Protocol, *, batch_size=32):
    """Predictions of ``model`` for every image, with the truth beside.

    Returns:
        ``(prediction, sample)``: metres ``(n, 1, H, W)`` on the CPU, at the
        size of the truth, and a dict of stacked ``depth``, ``mask`` and
        ``intrinsics``.
    """
    device = next(model.parameters()).device
    predictions, samples = [], []
    for batch in DataLoader(data, batch_size=batch_size):
        inputs = (x.to(device) for x in inputs_of(model, batch))
        depth = protocol.predict(model, *inputs).float().cpu()
        predictions.append(enlarge(depth, batch["depth"].shape[-2:]))
        samples.append(batch)
    names = ("depth", "mask", "intrinsics")
    truth = {name: torch.cat([s[name] for s in samples]) for name in names}
    return torch.cat(predictions), truth


def score(prediction, truth: dict, protocol: Protocol) -> Evaluation:
    """Score predictions ``(n, 1, H, W)`` against ``truth``."""
    depth, mask = truth["depth"], truth["mask"]
    tally = protocol.tally()
    tally.add(prediction, depth, mask)
    per_image = tally.result("none")
    clipped = prediction.clamp(protocol.min_depth, protocol.max_depth)
    # A laser scan at a fine resolution may have no two returns side by side.
    dense = F.max_pool2d((~mask).float(), 3, 1, 1).flatten(1).amin(1) == 0
    quality, shapes = {}, [x[dense] for x in (prediction, depth, mask)]
    if dense.any():
        quality = {
            "edge_f1": edge_f1(*shapes),
            "gradient_ratio": gradient_ratio(*shapes),
            "normal_error": normal_error(
                *shapes[:2], truth["intrinsics"][dense], shapes[2]
            )["degrees"],
        }
    quality |= {
        "residual_share": residual_share(
            prediction, depth, mask, RESIDUAL_EPSILON
        ),
        "scale_share": scale_share(clipped, depth, mask),
        "bin_spread": bin_spread(clipped, depth, mask, edges=ranges(protocol)),
    }
    if dense.any():
        edges = edge_f1_ranges(*shapes)
        quality |= {f"edge_f1_{name}": value for name, value in edges.items()}
    whole = mask.flatten(1).all(1)  # a hole would be detail
    if whole.any():
        quality["high_frequency_ratio"] = high_frequency_ratio(
            prediction[whole], depth[whole]
        )
    if mask.all() and protocol.max_depth:
        quality["mssim"] = mssim(
            prediction, depth, max_depth=protocol.max_depth
        )
    return Evaluation(
        per_image={name: v.numpy() for name, v in per_image.items()},
        image=tally.result("image"),
        pixel=tally.result("pixel"),
        quality={name: float(v) for name, v in quality.items()},
    )


def ranges(protocol: Protocol) -> list[float]:
    """Limits of four ranges of depth, equal in logarithm, for a protocol."""
    near = max(protocol.min_depth, NEAREST)
    return np.geomspace(near, protocol.max_depth or FARTHEST, 5).tolist()


def evaluate(model, data, protocol: Protocol, *, batch_size=32) -> Evaluation:
    """Predict every image of ``data`` and score it under ``protocol``.

    Example:
        >>> from depthlib.data import rooms
        >>> from depthlib.metrics import PROTOCOLS
        >>> from depthlib.models import D3Net
        >>> data = rooms(2, split="test", size=(32, 64), cached=False)
        >>> model = D3Net(width=0.25, blocks=(1, 1, 1, 1))
        >>> sorted(evaluate(model, data, PROTOCOLS["rooms"]).quality)[:3]
        ['bin_spread', 'edge_f1', 'edge_f1_far']
    """
    prediction, truth = predict_all(
        model, data, protocol, batch_size=batch_size
    )
    return score(prediction, truth, protocol)
