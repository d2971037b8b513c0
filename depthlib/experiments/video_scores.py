"""What is measured of a video network beside its depth, for the records."""

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from depthlib.training.evaluate import predict_all

BATCH = 16
DIRECTIONS = (
    "right",
    "right_down",
    "down",
    "left_down",
    "left",
    "left_up",
    "up",
    "right_up",
)


class Still(Dataset):
    """A video set in which nothing moves: neighbours are the frame itself."""

    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i: int) -> dict:
        sample = self.data[i]
        adjacent = sample["image"].expand_as(sample["adjacent"])
        return sample | {"adjacent": adjacent}


def still(model, data, protocol) -> dict[str, float]:
    """abs_rel and rmse where the network is shown no motion."""
    prediction, truth = predict_all(model, Still(data), protocol)
    found = protocol.evaluate(prediction, truth["depth"], truth["mask"])
    return {f"still_{name}": found[name] for name in ("abs_rel", "rmse")}


def of_directions(model, data, protocol) -> dict[str, float]:
    """``importance_right`` to ``importance_right_up``: what directions give.

    The importance of a direction is the share by which abs_rel grows when
    the correlations of its offsets are set to zero. Directions are eighths
    of the circle, and the middle (up to a cell away) is left alone.

    Args:
        model: an ``SCGAN`` that compares frames.
        data: images to look at.
        protocol: of abs_rel.
    """

    def error() -> float:
        prediction, truth = predict_all(model, data, protocol)
        found = protocol.evaluate(prediction, truth["depth"], truth["mask"])
        return found["abs_rel"]

    network = getattr(model, "module", model)  # Fabric's wrapper off
    usual, whole = network.correlate, error()
    found = {}
    masks = without_directions(network.offsets)
    try:
        for direction, kept in zip(DIRECTIONS, masks, strict=True):
            kept = kept.to(network.offsets.device)[:, None, None]
            network.correlate = lambda *f, k=kept: usual(*f) * k
            found[f"importance_{direction}"] = error() / whole - 1
    finally:
        del network.correlate  # the method of the class again
    return found


def without_directions(offsets: Tensor) -> Tensor:
    """Masks of offsets, ``(8, N)``: 0.0 where a direction points.

    In the order of ``DIRECTIONS``; "down" is a positive dy.
    """
    dy, dx = offsets.double().unbind(1)
    eighth = torch.round(torch.atan2(dy, dx) / (torch.pi / 4)).long() % 8
    far = offsets.abs().amax(1) > 1
    gone = torch.stack([(eighth == k) & far for k in range(8)])
    return (~gone).float()


def of_attention(model, data) -> dict[str, float]:
    """How much the weights of the attention differ.

    - ``attention_spread``: their standard deviation over the offsets, of
      the mean over images and pairs;
    - ``attention_change``: that over images and pairs, mean over offsets;
    - ``attention_alive``, of an attention with hidden units: the share of
      them that any of the images switches on.

    The first two over the mean size of a weight. In the first, offsets that
    are worth nothing show; in the second, whether the image matters at all;
    in the third, how much of the attention is left to learn.

    Args:
        model: an ``SCGAN`` with an attention.
        data: images to look at.
    """
    attention = getattr(model, "module", model).attention  # wrapper off
    on = []
    if hidden := hasattr(attention, "second"):
        watch = attention.second.register_forward_pre_hook(
            lambda _, inputs: on.append((inputs[0] > 0).any(0))
        )
    weights = attention_weights(model, data)
    size = weights.abs().mean()
    spread = weights.mean(0).std(correction=0) / size
    change = weights.std(0, correction=0).mean() / size
    found = {
        "attention_spread": spread.item(),
        "attention_change": change.item(),
    }
    if hidden:
        watch.remove()
        alive = torch.stack(on).any(0).float().mean()
        found["attention_alive"] = alive.item()
    return found


def attention_weights(model, data) -> Tensor:
    """Weights of the attention, ``(images * pairs, N)``, on the CPU."""
    from depthlib.training.inputs import inputs_of

    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    found = []
    for batch in DataLoader(data, batch_size=BATCH):
        inputs = (x.to(device) for x in inputs_of(model, batch))
        with torch.no_grad():
            found.append(model.weights(*inputs).float().cpu().flatten(0, 1))
    model.train(was_training)
    return torch.cat(found)
