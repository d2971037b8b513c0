"""Networks that take more than an image, in evaluation and training."""

from dataclasses import replace

import pytest
import torch
from toys import Clips, Scenes, Tiny, config

from depthlib.metrics import PROTOCOLS
from depthlib.training import evaluate, fit
from depthlib.training.evaluate import predict_all
from depthlib.training.inputs import inputs_of

PROTOCOL = replace(PROTOCOLS["rooms"], min_depth=0.1)


class Difference(Tiny):
    """Depth from the difference of the neighbours; not a symmetric one."""

    inputs = ("image", "adjacent")

    def forward(self, image, adjacent):
        assert adjacent.shape[1:3] == (2, 3)
        ramp = torch.arange(image.shape[-1])
        return super().forward(image) + (
            (adjacent[:, 1] - adjacent[:, 0]).mean(1, keepdim=True) * ramp
        )


def test_a_network_says_what_it_takes():
    batch = {"image": torch.zeros(1), "adjacent": torch.ones(1), "depth": 0}
    assert inputs_of(Difference(), batch) == (
        batch["image"],
        batch["adjacent"],
    )
    assert inputs_of(Tiny(), batch) == (batch["image"],)
    assert inputs_of(lambda image: image, batch) == (batch["image"],)


def test_a_set_without_neighbours_is_refused():
    with pytest.raises(ValueError, match="no adjacent; choose a set"):
        evaluate(Difference(), Scenes(2), PROTOCOL)


def test_evaluation_hands_the_neighbours_over():
    data, model = Clips(5), Difference()
    found, _ = predict_all(model, data, PROTOCOL, batch_size=2)
    for i in range(5):
        sample = data[i]
        with torch.no_grad():
            one = model(sample["image"][None], sample["adjacent"][None])
        torch.testing.assert_close(found[i : i + 1], one)


def test_flip_averaging_mirrors_every_frame():
    model = Difference()
    image, adjacent = torch.rand(2, 3, 32, 32), torch.rand(2, 2, 3, 32, 32)
    flip = replace(PROTOCOL, flip=True)
    with torch.no_grad():
        other = model(image.flip(-1), adjacent.flip(-1)).flip(-1)
        expected = (model(image, adjacent) + other) / 2
    found = flip.predict(model, image, adjacent)
    torch.testing.assert_close(found, expected)


def test_the_supervised_step_hands_the_neighbours_over():
    data, model = Clips(4), Difference()
    image, adjacent, depth, mask = (
        torch.stack([data[i][name] for i in range(4)])
        for name in ("image", "adjacent", "depth", "mask")
    )
    expected = (model(image, adjacent) - depth)[mask].abs().mean().item()
    (loss,) = fit(model, data, config(samples=4, flip=False)).losses
    assert loss == pytest.approx(expected, rel=1e-5)
