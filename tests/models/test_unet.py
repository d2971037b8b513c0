"""The U-Net: published count and shapes, and what its inside sees."""

import copy

import pytest
import torch
from torch import nn

from depthlib.models import UNet

SMALL = {"levels": 4, "width": 4}
NORMS = pytest.mark.parametrize("norm", ["none", "batch", "instance"])


def count(module):
    return sum(p.numel() for p in module.parameters())


def shapes(network, image):
    """Output shapes of the blocks, in the order in which they run."""
    seen = []
    blocks = [*network.down, *network.up, network.head]
    for block in blocks:
        block.register_forward_hook(
            lambda module, args, out: seen.append(tuple(out.shape[1:]))
        )
    network(image)
    return seen


@pytest.mark.parametrize(
    ("norm", "parameters"),
    [("batch", 54_409_857), ("none", 54_405_505), ("instance", 54_405_505)],
)
def test_published_count(norm, parameters):
    """Batch norm: weights, two numbers a norm, one bias. Else: all biases."""
    down = [64, 128, 256, 512, 512, 512, 512, 512]
    up = [512, 512, 512, 512, 256, 128, 64, 1]
    sources = [512, 1024, 1024, 1024, 1024, 512, 256, 128]
    weights = 16 * sum(
        a * b for a, b in zip([3, *down[:-1]], down, strict=True)
    )
    weights += 16 * sum(a * b for a, b in zip(sources, up, strict=True))
    norms = 2 * (sum(down[1:-1]) + sum(up[:-1]))
    extra = norms + 1 if norm == "batch" else sum(down) + sum(up)
    assert weights + extra == parameters
    with torch.device("meta"):
        assert count(UNet(norm=norm)) == parameters


def test_shapes_are_those_of_the_paper():
    with torch.device("meta"):
        seen = shapes(UNet(), torch.zeros(1, 3, 256, 256))
    assert seen == [
        (64, 128, 128),
        (128, 64, 64),
        (256, 32, 32),
        (512, 16, 16),
        (512, 8, 8),
        (512, 4, 4),
        (512, 2, 2),
        (512, 1, 1),
        (512, 2, 2),
        (512, 4, 4),
        (512, 8, 8),
        (512, 16, 16),
        (256, 32, 32),
        (128, 64, 64),
        (64, 128, 128),
        (1, 256, 256),
    ]


@pytest.mark.parametrize("levels", [2, 3, 6])
@pytest.mark.parametrize("times", [(1, 1), (2, 3)])
def test_small_machines(levels, times):
    network = UNet(levels=levels, width=4, out_channels=2)
    height, width = (n * 2**levels for n in times)
    depth = network(torch.rand(2, 3, height, width))
    assert depth.shape == (2, 2, height, width)
    assert depth.dtype == torch.float32
    assert depth.abs().max() <= 1


@NORMS
def test_where_the_norms_are(norm):
    network = UNet(**SMALL, norm=norm)
    kind = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}.get(norm)
    kinds = tuple(filter(None, [kind]))
    has = [any(isinstance(m, kinds) for m in b) for b in network.down]
    assert has == [False, bool(kind), bool(kind), False]
    has = [any(isinstance(m, kinds) for m in b) for b in network.up]
    assert has == [bool(kind)] * 3
    every = (nn.BatchNorm2d, nn.InstanceNorm2d)
    found = [type(m) for m in network.modules() if isinstance(m, every)]
    assert set(found) <= {kind}


@NORMS
def test_one_image_of_the_smallest_size_trains(norm):
    """A 1x1 bottleneck at batch 1: any norm there would raise."""
    network = UNet(**SMALL, norm=norm)
    network(torch.rand(1, 3, 16, 16)).square().mean().backward()
    assert all(p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize(
    ("levels", "dropped"), [(2, 1), (5, 1), (6, 1), (7, 2), (8, 3)]
)
def test_dropout_sits_at_the_bottleneck_end(levels, dropped):
    network = UNet(levels=levels, width=1, dropout=0.3)
    rates = [
        [m.p for m in block if isinstance(m, nn.Dropout)]
        for block in network.up
    ]
    assert rates == [[0.3]] * dropped + [[]] * (levels - 1 - dropped)
    assert len(network.up) == levels - 1


def test_dropout_is_random_in_training_alone():
    image = torch.rand(1, 3, 16, 16)
    network = UNet(**SMALL, norm="instance")
    assert not torch.equal(network(image), network(image))
    network.eval()
    assert torch.equal(network(image), network(image))
    network = UNet(**SMALL, norm="instance", dropout=0)
    assert torch.equal(network(image), network(image))


def test_every_skip_is_used():
    """Half of each later layer's inputs are a skip's; both halves learn."""
    network = UNet(**SMALL)
    network(torch.rand(2, 3, 32, 32)).square().mean().backward()
    for layer in (*(block[1] for block in network.up[1:]), network.head):
        for half in layer.weight.grad.chunk(2):
            assert half.abs().max() > 0


def test_one_forward_pass_by_hand():
    """Two levels: leaky ReLU down, ReLU up, skip behind, tanh last."""
    f = nn.functional
    network = UNet(levels=2, width=2, dropout=0).double()
    image = torch.rand(1, 3, 8, 8, dtype=torch.float64)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    w = dict(network.named_parameters())

    def conv(x, name, step=f.conv2d):
        return step(x, w[f"{name}.weight"], w[f"{name}.bias"], 2, 1)

    top = conv(2 * image - 1, "down.0.0")
    low = conv(f.leaky_relu(top, 0.2), "down.1.1")
    up = conv(low.relu(), "up.0.1", f.conv_transpose2d)
    both = torch.cat([up, top], 1).relu()
    expected = conv(both, "head", f.conv_transpose2d).tanh()
    torch.testing.assert_close(network(image), expected)


def test_xavier_and_zero_biases():
    """Spread sqrt(2 / (fan in + fan out)), the kernel's 16 places counted."""
    network = UNet(levels=5, width=16)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            fans = 16 * (module.in_channels + module.out_channels)
            spread = module.weight.std().item()
            assert spread == pytest.approx((2 / fans) ** 0.5, rel=0.15)
            assert not module.bias.any()


def test_shifts_by_the_stride_move_the_output():
    """Two levels: a shift by 4 pixels is a shift of the inner maps by 1."""
    network = UNet(levels=2, width=4).eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        here = network(image)
        there = network(image.roll((4, 8), (2, 3)))
    torch.testing.assert_close(
        there[..., 20:52, 20:52],
        here.roll((4, 8), (2, 3))[..., 20:52, 20:52],
    )


@NORMS
def test_it_learns(norm):
    torch.manual_seed(0)
    network = UNet(levels=3, width=8, norm=norm, dropout=0)
    image = torch.rand(2, 3, 16, 16)
    target = 1.6 * (image.mean(1, keepdim=True) > 0.5) - 0.8
    optimizer = torch.optim.Adam(network.parameters(), 5e-3)
    errors = []
    for _ in range(80):
        error = (network(image) - target).abs().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < 0.5 * errors[0]


def test_autocast_keeps_the_output_fine():
    network = UNet(**SMALL).eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = network(image)
        with torch.autocast("cpu", torch.bfloat16):
            depth = network(image)
    assert depth.dtype == torch.float32
    assert depth.unique().numel() > 3000
    assert (depth - expected).abs().mean() < 0.02


def test_the_seed_decides():
    torch.manual_seed(0)
    network = UNet(**SMALL)
    twin = copy.deepcopy(network)
    torch.manual_seed(0)
    again, other = UNet(**SMALL), UNet(**SMALL)
    weight = twin.head.weight
    assert torch.equal(weight, again.head.weight)
    assert not torch.equal(weight, other.head.weight)


@pytest.mark.parametrize("size", [(24, 16), (16, 24), (8, 8), (0, 16)])
def test_size_must_fit_and_the_error_names_the_remedies(size):
    with pytest.raises(ValueError) as error:
        UNet(**SMALL)(torch.rand(1, 3, *size))
    text = str(error.value)
    assert f"{size[0]} x {size[1]}" in text and "multiples of 16" in text
    assert "resize" in text and "tiled_prediction" in text


def test_bad_images():
    network = UNet(**SMALL, in_channels=1)
    for shape in ((1, 3, 16, 16), (1, 16, 16)):
        with pytest.raises(ValueError, match=r"give \(B, 1, H, W\)"):
            network(torch.zeros(shape))
    with pytest.raises(ValueError, match="uint8"):
        network(torch.zeros(1, 1, 16, 16, dtype=torch.uint8))


def test_bad_arguments():
    for name in ("in_channels", "out_channels", "width"):
        with pytest.raises(ValueError, match=f"{name} is 0"):
            UNet(**{name: 0})
    with pytest.raises(ValueError, match="levels is 1"):
        UNet(levels=1)
    with pytest.raises(ValueError, match="norm is 'layer'"):
        UNet(norm="layer")
    for rate in (-0.1, 1):
        with pytest.raises(ValueError, match=f"dropout is {rate}"):
            UNet(dropout=rate)
