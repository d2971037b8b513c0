"""Scaled depth: what a tanh means in metres, and squeezed images."""

import pytest
import torch

from depthlib.models import ScaledDepth, UNet, scale_depth
from depthlib.models.scale import squeeze


class Constant(torch.nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value, self.seen = value, None

    def forward(self, image):
        self.seen = image
        return image.new_full((len(image), 1, *image.shape[-2:]), self.value)


@pytest.mark.parametrize(("raw", "metres"), [(-1, 1), (0, 40.5), (1, 80)])
def test_the_ends_of_the_tanh_are_the_ends_of_the_range(raw, metres):
    model = ScaledDepth(Constant(raw), min_depth=1, max_depth=80)
    depth = model(torch.rand(2, 3, 4, 6))
    assert depth.shape == (2, 1, 4, 6)
    assert depth.unique().tolist() == [metres]
    assert scale_depth(depth, 1, 80).unique().tolist() == [raw]


def test_an_image_is_squeezed_before_the_network():
    network = Constant(0.0)
    image = torch.rand(2, 3, 8, 24)
    depth = ScaledDepth(network, size=(8, 8))(image)
    assert depth.shape == (2, 1, 8, 8)
    expected = image.reshape(2, 3, 8, 8, 3).mean(-1)
    torch.testing.assert_close(network.seen, expected)
    assert squeeze(image, (8, 24)) is image


def test_it_holds_the_network_for_the_optimiser_and_knows_its_range():
    network = UNet(levels=2, width=1)
    model = ScaledDepth(network)
    assert list(model.parameters()) == list(network.parameters())
    assert (model.min_depth, model.max_depth) == (1e-3, 10.0)
    with pytest.raises(ValueError, match="max_depth 1"):
        ScaledDepth(network, min_depth=2, max_depth=1)


def test_larger_images_are_tiled_in_evaluation_alone():
    network = torch.nn.Conv2d(3, 1, 1)  # alike in every tile
    model = ScaledDepth(network, tile=8)
    image, sizes = torch.rand(2, 3, 12, 20), []
    network.register_forward_pre_hook(lambda _, x: sizes.append(x[0].shape))
    with torch.no_grad():
        whole = model.train()(image)
        tiled = model.eval()(image)
    assert sizes[0][-2:] == (12, 20)
    assert len(sizes) > 2 and {s[-2:] for s in sizes[1:]} == {(8, 8)}
    assert torch.allclose(tiled, whole, atol=1e-5)
