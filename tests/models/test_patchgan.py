"""Discriminators: published counts and sizes, and what a score sees."""

import pytest
import torch

from depthlib.models import (
    ImageDiscriminator,
    PatchDiscriminator,
    receptive_field,
)

BOTH = pytest.mark.parametrize(
    "critic", [PatchDiscriminator, ImageDiscriminator]
)


def count(module):
    return sum(p.numel() for p in module.parameters())


def pair(height, width, batch=1):
    image = torch.rand(batch, 3, height, width)
    return image, 2 * torch.rand(batch, 1, height, width) - 1


@pytest.mark.parametrize(
    ("layers", "parameters", "size", "scores", "field"),
    [
        (0, 8_897, (256, 256), (256, 256), 1),
        (0, 8_897, (5, 1), (5, 1), 1),
        (1, None, (256, 256), (126, 126), 16),
        (2, 664_385, (256, 320), (62, 78), 34),
        (3, 2_766_657, (256, 256), (30, 30), 70),
        (3, 2_766_657, (256, 320), (30, 38), 70),
        (3, 2_766_657, (256, 512), (30, 62), 70),
        (4, None, (256, 256), (14, 14), 142),
    ],
)
def test_published_numbers(layers, parameters, size, scores, field):
    with torch.device("meta"):
        critic = PatchDiscriminator(layers=layers)
        out = critic(torch.zeros(2, 3, *size), torch.zeros(2, 1, *size))
    assert out.shape == (2, 1, *scores)
    assert critic.score_size(*size) == scores
    assert critic.receptive_field == field
    assert parameters is None or count(critic) == parameters


@pytest.mark.parametrize("layers", [0, 1, 2, 3, 4])
def test_receptive_field_is_what_a_score_depends_on(layers):
    """Measured: the gradient of one score away from the border.

    The slope must not vanish, so weights are all ones and no unit is off.
    """
    critic = PatchDiscriminator(layers=layers, width=1, norm="none")
    for parameter in critic.parameters():
        torch.nn.init.ones_(parameter)
    field = critic.receptive_field
    side = 256 if layers == 4 else 160
    image, depth = torch.ones(1, 3, side, side), torch.ones(1, 1, side, side)
    depth.requires_grad_(True)
    scores = critic(image, depth)
    middle = scores.shape[-1] // 2
    scores[0, 0, middle, middle].backward()
    rows = depth.grad[0, 0].abs().sum(1).nonzero()
    columns = depth.grad[0, 0].abs().sum(0).nonzero()
    for seen in (rows, columns):
        assert seen.max() - seen.min() + 1 == field


@pytest.mark.parametrize(
    ("kernels", "strides"),
    [([], []), ([3, 3], [1, 1]), ([3, 1, 5], [2, 3, 1]), ([4, 7], [4, 2])],
)
def test_receptive_field_of_any_stack(kernels, strides):
    """Against the gradient of one output, without padding."""
    signal = torch.ones(1, 1, 100, dtype=torch.float64, requires_grad=True)
    out = signal
    for kernel, stride in zip(kernels, strides, strict=True):
        out = torch.nn.functional.conv1d(
            out, out.new_ones(1, 1, kernel), stride=stride
        )
    out[0, 0, 2].backward()
    field = receptive_field(kernels, strides)
    seen = signal.grad[0, 0].nonzero()
    assert seen.max() - seen.min() + 1 == field


def test_receptive_field_needs_a_stride_for_each_kernel():
    with pytest.raises(ValueError, match="kernels has 2 entries"):
        receptive_field([4, 4], [2])


def test_pixel_scores_know_no_neighbour():
    """Pixels in another order: the scores follow (no norm, so exactly)."""
    critic = PatchDiscriminator(layers=0, width=8, norm="none")
    image, depth = pair(6, 7)
    order = torch.randperm(42, generator=torch.Generator().manual_seed(0))

    def shuffled(x):
        return x.flatten(2)[..., order].view_as(x)

    with torch.no_grad():
        expected = shuffled(critic(image, depth))
        scores = critic(shuffled(image), shuffled(depth))
    torch.testing.assert_close(scores, expected)


def test_one_image_score_sees_every_pixel():
    critic = ImageDiscriminator(width=8, norm="none")
    image, depth = pair(64, 96)
    depth.requires_grad_(True)
    critic(image, depth).sum().backward()
    assert (depth.grad != 0).all()


def test_the_image_score_knows_where_things_are():
    """Opposite halves exchanged: a mean of local scores changes by the seam
    alone, the global one by far more, relative to its spread."""
    critic = ImageDiscriminator(width=8, norm="none")
    image, depth = torch.full((1, 3, 64, 64), 0.5), torch.ones(1, 1, 64, 64)
    depth[..., :32] = -1
    with torch.no_grad():
        score = critic(image, depth)
        exchanged = critic(image, depth.flip(-1))
        inner = critic.model[:6](torch.cat([2 * image - 1, depth], 1))
        swapped = critic.model[:6](torch.cat([2 * image - 1, -depth], 1))
    assert inner.shape[-2:] == (8, 8)
    # The features of the exchanged map, in the interior, are those of the
    # other half: only the layer over the grid can tell the two apart.
    torch.testing.assert_close(inner[..., 1:-1, 1:3], swapped[..., 1:-1, 5:7])
    assert (score - exchanged).abs() > 1e-6


@pytest.mark.parametrize("size", [(64, 96), (96, 128), (256, 320), (50, 70)])
def test_one_score_for_any_size(size):
    critic = ImageDiscriminator(width=8)
    scores = critic(*pair(*size, batch=3))
    assert scores.shape == (3, 1, 1, 1)


@pytest.mark.parametrize(
    ("width", "patch", "whole"),
    [(16, 43_217, 50_401), (64, 664_385, 725_857)],
)
def test_both_kinds_are_comparable_at_one_width(width, patch, whole):
    assert count(PatchDiscriminator(layers=2, width=width)) == patch
    assert count(ImageDiscriminator(width=width)) == whole
    assert whole < 1.2 * patch


@BOTH
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_norms(critic, norm):
    network = critic(width=8, layers=2, norm=norm)
    kinds = [type(m).__name__ for m in network.modules()]
    expected = {"batch": "BatchNorm2d", "instance": "InstanceNorm2d"}
    for name, kind in expected.items():
        assert (kind in kinds) == (norm == name)
    convs = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    assert convs[0].bias is not None and convs[-1].bias is not None
    assert (convs[1].bias is None) == (norm == "batch")
    scores = network(*pair(32, 32, batch=2))
    assert scores.isfinite().all()


@BOTH
def test_a_score_depends_on_image_and_depth(critic):
    network = critic(width=8).eval()
    image, depth = pair(64, 64)
    with torch.no_grad():
        score = network(image, depth)
        assert not torch.equal(score, network(image.flip(-1), depth))
        assert not torch.equal(score, network(image, depth.flip(-1)))


@BOTH
def test_one_image_trains_under_batch_norm(critic):
    network = critic(width=8)
    network(*pair(64, 64, batch=1)).mean().backward()
    assert all(p.grad is not None for p in network.parameters())


@BOTH
def test_it_learns_to_tell_sharp_from_smooth(critic):
    """Least squares on noise against smoothed noise of the same spread."""
    network = critic(width=8, layers=2)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    image = torch.full((16, 3, 32, 32), 0.5)

    def batch():
        smooth = torch.nn.functional.avg_pool2d(
            torch.randn(16, 1, 36, 36), 5, stride=1
        )
        return 0.3 * torch.randn(16, 1, 32, 32), 1.5 * smooth

    for _ in range(40):
        sharp, smooth = batch()
        loss = (network(image, sharp) - 1).square().mean()
        loss = loss + network(image, smooth).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    sharp, smooth = batch()
    with torch.no_grad():
        apart = network(image, sharp).mean() - network(image, smooth).mean()
    assert apart > 0.6


@BOTH
def test_initial_weights_of_the_strided_layers_are_those_of_pix2pix(critic):
    network = critic(width=64)
    strided = [
        m
        for m in network.modules()
        if isinstance(m, torch.nn.Conv2d) and m.stride == (2, 2)
    ]
    assert len(strided) == 3
    for module in strided:
        assert module.weight.std().item() == pytest.approx(0.02, rel=0.1)
        assert module.bias is None or not module.bias.any()


def test_too_small():
    with pytest.raises(ValueError, match="too small"):
        PatchDiscriminator(width=8)(*pair(16, 16))
    with pytest.raises(ValueError, match="too small"):
        ImageDiscriminator(width=8)(*pair(4, 64))
    assert PatchDiscriminator(width=8, norm="none")(*pair(24, 24)).shape == (
        1,
        1,
        1,
        1,
    )


@BOTH
def test_bad_input(critic):
    network = critic(width=8)
    image, depth = pair(64, 64, batch=2)
    for wrong in (
        (image, depth[:1]),
        (image, depth[..., :32]),
        (image[:, :2], depth),
        (image[0], depth[0]),
    ):
        with pytest.raises(ValueError, match="4 channels together"):
            network(*wrong)
    with pytest.raises(ValueError, match="norm is 'layer'"):
        critic(norm="layer")
    for name in ("in_channels", "width"):
        with pytest.raises(ValueError, match=f"{name} is 0"):
            critic(**{name: 0})
    fewest = 0 if critic is PatchDiscriminator else 1
    with pytest.raises(ValueError, match=f"at least {fewest}"):
        critic(layers=fewest - 1)
