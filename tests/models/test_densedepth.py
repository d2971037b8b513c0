"""DenseDepth: Table 5 layer by layer, its options, what training sees."""

from itertools import product

import pytest
import torch
import torch.nn.functional as F

from depthlib.losses import densedepth_loss
from depthlib.models import DenseDepth

SMALL = {"width": 0.125, "blocks": (1, 1, 1, 1)}
DECODERS = ["plain", "transposed", "up_projection"]
# Table 5: CONVA and CONVB of the four blocks.
TABLE = [
    (14_377_792, 6_230_848),
    (3_594_656, 1_557_920),
    (898_768, 389_584),
    (254_696, 97_448),
]


def count(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


@pytest.fixture(scope="module")
def published():
    with torch.device("meta"):
        return DenseDepth()


def test_table_5_layer_by_layer(published):
    assert count(published.encoder) == 12_484_480
    assert count(published.bridge) == 2_770_560
    blocks = [(count(b.conv_a), count(b.conv_b)) for b in published.decoder]
    assert blocks == TABLE
    assert count(published.head) == 937
    assert count(published) == 42_657_689


def test_table_5_shapes(published):
    seen = []
    parts = [published.bridge]
    for block in published.decoder:
        parts += [block.enlarge, block.conv_a, block.conv_b]
    hooks = [
        part.register_forward_hook(
            lambda _m, inputs, output: seen.append(
                (inputs[0].shape[1], *output.shape[1:])
            )
        )
        for part in [*parts, published.head]
    ]
    with torch.device("meta"):
        published(torch.zeros(1, 3, 480, 640))
    for hook in hooks:
        hook.remove()
    assert seen == [
        (1664, 1664, 15, 20),
        (1664, 1664, 30, 40),
        (1920, 832, 30, 40),
        (832, 832, 30, 40),
        (832, 832, 60, 80),
        (960, 416, 60, 80),
        (416, 416, 60, 80),
        (416, 416, 120, 160),
        (480, 208, 120, 160),
        (208, 208, 120, 160),
        (208, 208, 240, 320),
        (272, 104, 240, 320),
        (104, 104, 240, 320),
        (104, 1, 240, 320),
    ]


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({"bridge": 0.5}, 21_365_405),
        ({"encoder": "densenet201"}, 57_806_089),
        ({"encoder": "densenet121"}, 18_991_425),
        ({"activation": "ab"}, 42_657_689),
        ({"align_corners": True}, 42_657_689),
        ({"stride": 16}, 42_657_689),
        ({"stride": 8}, 42_657_689),
    ],
)
def test_published_counts(options, parameters):
    with torch.device("meta"):
        assert count(DenseDepth(**options)) == parameters


def widths(encoder_channels):
    """(input, skip, output) of the four blocks, coarse to fine."""
    *skips, channels = encoder_channels
    for skip in reversed(skips):
        yield channels, skip, channels // 2
        channels //= 2


def convolution(channels, out, side):
    return channels * out * side * side + out


RULES = {
    "plain": lambda c, s, o: convolution(c + s, o, 3) + convolution(o, o, 3),
    "transposed": lambda c, s, o: (
        convolution(c, o, 4) + convolution(o + s, o, 3)
    ),
    "up_projection": lambda c, s, o: (
        2 * convolution(c + s, o, 5) + convolution(o, o, 3)
    ),
}
CHANNELS = {
    "densenet169": [64, 64, 128, 256, 1664],
    "resnet50": [64, 256, 512, 1024, 2048],
}


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("encoder", CHANNELS)
@pytest.mark.parametrize("skips", [True, False])
def test_counts_of_the_decoders(encoder, decoder, skips):
    """Arithmetic of kernels and widths, without the network's code."""
    with torch.device("meta"):
        network = DenseDepth(encoder, decoder=decoder, skips=skips)
    expected = [
        RULES[decoder](c, s if skips else 0, o)
        for c, s, o in widths(CHANNELS[encoder])
    ]
    assert [count(block) for block in network.decoder] == expected
    last = CHANNELS[encoder][-1]
    assert count(network.bridge) == convolution(last, last, 1)
    assert count(network.head) == convolution(last // 16, 1, 3)


def test_no_norm_in_the_decoder(published):
    kinds = {type(module).__name__ for module in published.decoder.modules()}
    assert kinds == {
        "Conv2d",
        "Identity",
        "LeakyReLU",
        "ModuleList",
        "Upsample",
        "_Plain",
    }
    slopes = {
        module.negative_slope
        for module in published.decoder.modules()
        if isinstance(module, torch.nn.LeakyReLU)
    }
    assert slopes == {0.2}


@pytest.mark.parametrize("activation", ["b", "ab"])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("skips", [True, False])
def test_output_from_the_parts(activation, align_corners, skips):
    """The decoder written out in functions, on the encoder's own layers."""
    options = {"activation": activation, "skips": skips}
    network = DenseDepth(align_corners=align_corners, **SMALL, **options)
    network.eval()
    state = network.state_dict()
    features = network.encoder.features
    image = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        conv1 = features[:3](image)
        pool1 = features.pool0(conv1)
        joined, x = [conv1, pool1], pool1
        for i in (1, 2, 3):
            x = features.get_submodule(f"denseblock{i}")(x)
            step = features.get_submodule(f"transition{i}")
            x = F.avg_pool2d(step.conv(step.norm(x).relu()), 2)
            joined.append(x)
        x = features.norm5(features.denseblock4(joined.pop())).relu()
        x = F.conv2d(x, state["bridge.weight"], state["bridge.bias"])
        for i in range(4):
            a, b = (
                (state[f"{n}.weight"], state[f"{n}.bias"])
                for n in (f"decoder.{i}.conv_a", f"decoder.{i}.conv_b")
            )
            size = [2 * side for side in x.shape[-2:]]
            x = F.interpolate(
                x, size, mode="bilinear", align_corners=align_corners
            )
            if skips:
                x = torch.cat([x, joined.pop()], 1)
            x = F.conv2d(x, *a, padding=1)
            if activation == "ab":
                x = torch.where(x > 0, x, 0.2 * x)
            x = F.conv2d(x, *b, padding=1)
            x = torch.where(x > 0, x, 0.2 * x)
        x = F.conv2d(x, state["head.weight"], state["head.bias"], padding=1)
        torch.testing.assert_close(network(image), x)


def test_the_image_is_not_normalised():
    """What the first convolution sees is the image."""
    network, seen = DenseDepth(**SMALL), []
    first = network.encoder.features.conv0
    first.register_forward_pre_hook(lambda _m, inputs: seen.extend(inputs))
    image = torch.rand(2, 3, 32, 32)
    network(image)
    assert torch.equal(seen[0], image)


@pytest.mark.parametrize("encoder", ["densenet169", "resnet50", "resnet18"])
@pytest.mark.parametrize("stride", [32, 16, 8])
@pytest.mark.parametrize("decoder", DECODERS)
def test_output_is_half_the_image(encoder, stride, decoder):
    network = DenseDepth(encoder, decoder=decoder, stride=stride, **SMALL)
    raw = network(torch.rand(2, 3, 32, 96))
    assert raw.shape == (2, 1, 16, 48)
    assert raw.dtype == torch.float32


OPTIONS = list(
    product(DECODERS, ["b", "ab"], [True, False], [32, 16, 8], [1.0, 0.5])
)


@pytest.mark.parametrize(
    ("decoder", "activation", "skips", "stride", "bridge"), OPTIONS
)
def test_every_combination_learns(decoder, activation, skips, stride, bridge):
    """Each parameter has a gradient, and a step along it helps."""
    network = DenseDepth(
        decoder=decoder,
        activation=activation,
        skips=skips,
        stride=stride,
        bridge=bridge,
        **SMALL,
    )
    image, target = torch.rand(2, 3, 32, 64), 1 + 24 * torch.rand(2, 1, 16, 32)
    before = densedepth_loss(network(image), target)
    before.backward()
    slopes = [p.grad for p in network.parameters()]
    assert all(slope is not None and slope.any() for slope in slopes)
    steep = sum(slope.square().sum() for slope in slopes).sqrt()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter -= 0.02 / steep * parameter.grad
        assert densedepth_loss(network(image), target) < before


def test_it_fits_one_image():
    """Reciprocal depth that follows the picture, in a few dozen steps."""
    network = DenseDepth(width=0.25, blocks=(1, 1, 1, 1))
    rows = torch.linspace(1, 6, 32).view(1, 1, 32, 1).expand(2, 1, 32, 32)
    depth = rows + (torch.rand(2, 1, 32, 32) > 0.5)
    target = 10 / depth
    image = F.interpolate(depth / 10, scale_factor=2).expand(2, 3, 64, 64)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    errors = []
    for _ in range(60):
        raw = network(image)
        loss = densedepth_loss(raw, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        errors.append((raw - target).abs().mean().item())
    spread = (target - target.median()).abs().mean().item()
    assert errors[-1] < 0.6 * spread < errors[0]


@pytest.mark.parametrize("activation", ["b", "ab"])
def test_two_convolutions_without_activation_are_one(activation):
    """With "b" the block adds up before its activation, with "ab" not."""
    block = DenseDepth(activation=activation, **SMALL).decoder[0]
    kept = []
    block.conv_b.register_forward_hook(
        lambda *call: kept.append(call[2].clone())
    )
    # No bias yet: what adds up is linear, not merely affine.
    channels = 2 * block.conv_a.out_channels
    skip = block.conv_a.in_channels - channels
    xs = torch.randn(2, 1, channels, 4, 4)
    skips = torch.randn(2, 1, skip, 8, 8)
    for x, s in zip([*xs, xs.sum(0)], [*skips, skips.sum(0)], strict=True):
        block(x, s)
    adds_up = torch.allclose(kept[0] + kept[1], kept[2], atol=1e-4)
    assert adds_up == (activation == "b")


def test_up_projection_is_the_papers():
    """Zeros and a 5x5 convolution are a transposed convolution."""
    network = DenseDepth(decoder="up_projection", skips=False, **SMALL)
    block = network.decoder[0]
    x = torch.randn(2, block.conv_a.in_channels, 3, 5)

    def transposed(layer):
        weight = layer.weight.transpose(0, 1).flip(2, 3)
        return F.conv_transpose2d(x, weight, layer.bias, 2, 2, 1)

    inner = F.leaky_relu(transposed(block.conv_a), 0.2)
    expected = block.conv_b(inner) + transposed(block.shortcut)
    expected = F.leaky_relu(expected, 0.2)
    torch.testing.assert_close(block(x, None), expected)


def test_transposed_kernels():
    with torch.device("meta"):
        network = DenseDepth(decoder="transposed")
    for block in network.decoder:
        up = block.enlarge
        assert isinstance(up, torch.nn.ConvTranspose2d)
        assert up.kernel_size == (4, 4) and up.stride == (2, 2)


def test_initial_weights():
    """Glorot's uniform law: bound, spread, and no bias."""
    network = DenseDepth("densenet121")
    layers = [network.bridge, network.head]
    layers += [b.conv_a for b in network.decoder]
    layers += [b.conv_b for b in network.decoder]
    for layer in layers:
        area = layer.weight[0, 0].numel()
        fans = area * (layer.in_channels + layer.out_channels)
        bound = (6 / fans) ** 0.5
        largest = layer.weight.abs().max().item()
        assert 0.9 * bound < largest <= bound * (1 + 1e-6)
        spread = layer.weight.std().item()
        assert spread == pytest.approx(bound / 3**0.5, rel=0.1)
        assert not layer.bias.any()


@pytest.mark.parametrize("decoder", DECODERS)
def test_autocast_keeps_the_output_fine(decoder):
    network = DenseDepth(decoder=decoder, **SMALL).eval()
    image = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        expected = network(image)
        with torch.autocast("cpu", torch.bfloat16):
            raw = network(image)
    assert raw.dtype == torch.float32
    # More values than eight bits could give.
    assert raw.unique().numel() > 2000
    assert (raw - expected).abs().mean() < 0.2 * expected.std()


@pytest.mark.parametrize("decoder", DECODERS)
def test_channels_last_changes_nothing(decoder):
    network = DenseDepth(decoder=decoder, **SMALL).eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = network(image)
        network.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(network(image), expected)


def test_very_narrow_networks_keep_a_channel():
    network = DenseDepth(width=0.01, blocks=(1, 1, 1, 1), bridge=0.1)
    assert network(torch.rand(2, 3, 32, 32)).shape == (2, 1, 16, 16)


@pytest.mark.parametrize("stride", [32, 8])
@pytest.mark.parametrize("size", [(48, 64), (64, 80), (0, 32)])
def test_size_must_fit(size, stride):
    with pytest.raises(ValueError, match="multiples of 32"):
        DenseDepth(stride=stride, **SMALL)(torch.rand(1, 3, *size))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoder": "vgg16"}, "encoder is 'vgg16'"),
        ({"decoder": "bicubic"}, "decoder is 'bicubic'"),
        ({"activation": "a"}, "activation is 'a'"),
        ({"stride": 4}, "stride is 4"),
        ({"bridge": 0}, "bridge is 0"),
        ({"bridge": -0.5}, "bridge is -0.5"),
        ({"width": 0}, "width is 0"),
        ({"weights": "places"}, "weights is 'places'"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        DenseDepth(**{"blocks": (1, 1, 1, 1)} | options)
