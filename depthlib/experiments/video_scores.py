"""What is measured of a video network beside its depth, for the records."""

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from depthlib.training.evaluate import predict_all

BATCH = 16


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


def of_attention(model, data) -> dict[str, float]:
    """How much the weights of the attention differ.

    - ``attention_spread``: their standard deviation over the offsets, of
      the mean over images and pairs;
    - ``attention_change``: that over images and pairs, mean over offsets.

    Both over the mean size of a weight. In the first, offsets that are worth
    nothing show; in the second, whether the image matters at all.

    Args:
        model: an ``SCGAN`` with an attention.
        data: images to look at.
    """
    weights = attention_weights(model, data)
    size = weights.abs().mean()
    spread = weights.mean(0).std(correction=0) / size
    change = weights.std(0, correction=0).mean() / size
    return {
        "attention_spread": spread.item(),
        "attention_change": change.item(),
    }


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
