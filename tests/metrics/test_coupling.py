"""Second derivatives between pixels against closed forms."""

import pytest
import torch
import torch.nn.functional as F

from depthlib.losses import BCEGanLoss, l1, l2
from depthlib.metrics import cross_reach, cross_rows, cross_share
from depthlib.models import PatchDiscriminator

PIXELS = [(4, 5), (1, 2)]


def test_a_quadratic_form_gives_its_matrix():
    torch.manual_seed(0)
    matrix = torch.randn(48, 48, dtype=torch.float64)
    matrix = matrix + matrix.T

    def loss(depth):
        y = depth.flatten()
        return y @ matrix @ y / 2

    depth = torch.randn(1, 1, 6, 8, dtype=torch.float64)
    rows = cross_rows(loss, depth, PIXELS)
    torch.testing.assert_close(rows[0].flatten(), matrix[4 * 8 + 5])
    torch.testing.assert_close(rows[1].flatten(), matrix[1 * 8 + 2])


@pytest.mark.parametrize("loss", [l1, l2])
def test_a_loss_per_pixel_has_no_cross_terms(loss):
    truth = torch.rand(1, 1, 6, 8)
    rows = cross_rows(lambda y: loss(y, truth), truth + 0.1, PIXELS)
    assert cross_share(rows, PIXELS).tolist() == [0, 0]
    assert cross_reach(rows, PIXELS).tolist() == [0, 0]


def test_a_blur_of_five_has_its_reach():
    """(mean of three in a row)^2: each pixel is tied to two on each side."""
    kernel = torch.ones(1, 1, 1, 3, dtype=torch.float64)
    depth = torch.rand(1, 1, 6, 11, dtype=torch.float64)
    rows = cross_rows(
        lambda y: F.conv2d(y, kernel).square().sum() / 2, depth, PIXELS[:1]
    )
    expected = torch.zeros(6, 11, dtype=torch.float64)
    expected[4, 3:8] = torch.tensor([1.0, 2, 3, 2, 1])
    torch.testing.assert_close(rows[0], expected)
    assert cross_share(rows, PIXELS[:1]).item() == pytest.approx(6 / 9)
    assert cross_reach(rows, PIXELS[:1]).item() == pytest.approx(8 / 9)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_a_critic_couples_within_two_patches_and_no_further(layers):
    """Two pixels meet in a score only if one patch holds both."""
    torch.manual_seed(0)
    critic = PatchDiscriminator(layers=layers, width=4, norm="none").double()
    for p in critic.parameters():
        torch.nn.init.normal_(p, std=0.3)
    image = torch.rand(1, 3, 64, 64, dtype=torch.float64)
    depth = torch.rand(1, 1, 64, 64, dtype=torch.float64)
    gan = BCEGanLoss()
    rows = cross_rows(
        lambda y: gan.generator(critic(image, y)), depth, [(32, 32)]
    )
    v, u = (rows[0] != 0).nonzero(as_tuple=True)
    far = max((v - 32).abs().max().item(), (u - 32).abs().max().item())
    field = critic.receptive_field
    assert field - 2 ** (layers + 1) < far < field or field == 1 == far + 1
