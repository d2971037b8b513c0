"""Encoders: published counts, torchvision's names, maps, and strides."""

import pytest
import torch

from depthlib.models import DenseNetEncoder, ResNetEncoder
from depthlib.models.encoders import ENCODERS, build_encoder
from depthlib.models.weights import IMAGENET_FILES

DENSE_BLOCKS = {
    121: (6, 12, 24, 16),
    169: (6, 12, 32, 32),
    201: (6, 12, 48, 32),
}
RES_BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
}
COUNTS = {
    (DenseNetEncoder, 121): 6_953_856,
    (DenseNetEncoder, 169): 12_484_480,
    (DenseNetEncoder, 201): 18_092_928,
    (ResNetEncoder, 18): 11_176_512,
    (ResNetEncoder, 34): 21_284_672,
    (ResNetEncoder, 50): 23_508_032,
    (ResNetEncoder, 101): 42_500_160,
}
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
BOTH = pytest.mark.parametrize("encoder", [DenseNetEncoder, ResNetEncoder])


def count(module):
    return sum(p.numel() for p in module.parameters())


def dense_names(blocks):
    """torchvision's rule for the names of a DenseNet's tensors."""
    names = {"features.conv0.weight"}
    norms = {"features.norm0", "features.norm5"}
    for i, length in enumerate(blocks, start=1):
        for j in range(1, length + 1):
            layer = f"features.denseblock{i}.denselayer{j}"
            names |= {f"{layer}.conv1.weight", f"{layer}.conv2.weight"}
            norms |= {f"{layer}.norm1", f"{layer}.norm2"}
        if i < 4:
            names.add(f"features.transition{i}.conv.weight")
            norms.add(f"features.transition{i}.norm")
    return names | {f"{norm}.{part}" for norm in norms for part in NORM}


def res_names(blocks, convolutions):
    """torchvision's rule for the names of a ResNet's tensors."""
    names, norms = {"conv1.weight"}, {"bn1"}
    for i, length in enumerate(blocks, start=1):
        for j in range(length):
            block = f"layer{i}.{j}"
            for k in range(1, convolutions + 1):
                names.add(f"{block}.conv{k}.weight")
                norms.add(f"{block}.bn{k}")
            # A stage's first block changes channels or size; only the first
            # stage of basic blocks does neither.
            if j == 0 and (i > 1 or convolutions == 3):
                names.add(f"{block}.downsample.0.weight")
                norms.add(f"{block}.downsample.1")
    return names | {f"{norm}.{part}" for norm in norms for part in NORM}


@pytest.mark.parametrize(("kind", "parameters"), COUNTS.items())
def test_published_counts(kind, parameters):
    encoder, depth = kind
    with torch.device("meta"):
        assert count(encoder(depth)) == parameters


@pytest.mark.parametrize(("depth", "blocks"), DENSE_BLOCKS.items())
def test_dense_names(depth, blocks):
    with torch.device("meta"):
        names = set(DenseNetEncoder(depth).state_dict())
    assert names == dense_names(blocks)


@pytest.mark.parametrize(("depth", "blocks"), RES_BLOCKS.items())
def test_res_names(depth, blocks):
    with torch.device("meta"):
        names = set(ResNetEncoder(depth).state_dict())
    assert names == res_names(blocks, 2 if depth < 50 else 3)


def test_some_shapes_by_name():
    """Shapes of single tensors as in the official files."""
    with torch.device("meta"):
        dense = DenseNetEncoder(121).state_dict()
        res = ResNetEncoder(50).state_dict()
    shapes = {
        "features.conv0.weight": (64, 3, 7, 7),
        "features.denseblock1.denselayer1.norm1.weight": (64,),
        "features.denseblock1.denselayer1.conv1.weight": (128, 64, 1, 1),
        "features.denseblock4.denselayer16.conv1.weight": (128, 992, 1, 1),
        "features.denseblock4.denselayer16.conv2.weight": (32, 128, 3, 3),
        "features.transition3.conv.weight": (512, 1024, 1, 1),
        "features.norm5.running_var": (1024,),
    }
    assert {k: tuple(dense[k].shape) for k in shapes} == shapes
    shapes = {
        "layer1.0.downsample.0.weight": (256, 64, 1, 1),
        "layer4.0.conv2.weight": (512, 512, 3, 3),
        "layer4.2.conv3.weight": (2048, 512, 1, 1),
    }
    assert {k: tuple(res[k].shape) for k in shapes} == shapes


@pytest.mark.parametrize(
    ("encoder", "channels"),
    [
        (DenseNetEncoder, [64, 128, 256, 512, 1024]),
        (ResNetEncoder, [64, 256, 512, 1024, 2048]),
    ],
)
@pytest.mark.parametrize("pool", ["max", "conv"])
def test_maps(encoder, channels, pool):
    network = encoder(pool=pool).eval()
    with torch.no_grad():
        maps = network(torch.rand(1, 3, 64, 96))
    sizes = [(32, 48), (16, 24), (8, 12), (4, 6), (2, 3)]
    expected = [(1, c, *s) for c, s in zip(channels, sizes, strict=True)]
    assert [tuple(m.shape) for m in maps] == expected
    assert network.channels == channels
    assert maps[0].min() == 0 and maps[4].min() == 0


@BOTH
def test_the_last_map_is_finite_and_depends_on_the_whole_image(encoder):
    network = encoder(width=0.125, blocks=(1, 1, 1, 1)).eval()
    image = torch.rand(1, 3, 32, 32, requires_grad=True)
    network(image)[-1].sum().backward()
    touched = image.grad.abs().sum((0, 1)) > 0
    assert touched[0].any() and touched[-1].any()
    assert touched[:, 0].any() and touched[:, -1].any()


@BOTH
def test_the_pooling_convolution_adds_its_count(encoder):
    with torch.device("meta"):
        added = count(encoder(pool="conv")) - count(encoder())
    assert added == 64 * 64 * 16 + 2 * 64


@BOTH
def test_skips_are_not_changed_in_place_behind_the_callers_back(encoder):
    """Every returned map equals the one of a network cut right after it."""
    network = encoder(width=0.125, blocks=(1, 1, 1, 1)).eval()
    image = torch.rand(2, 3, 32, 32)
    kept = []

    def keep(_module, _inputs, output):
        kept.append(output.clone())

    if encoder is DenseNetEncoder:
        taps = [network.features.relu0]
        taps += [
            getattr(network.features, f"transition{i}").conv for i in (1, 2, 3)
        ]
    else:
        taps = [network.relu]
        taps += [getattr(network, f"layer{i}") for i in (1, 2, 3)]
    for tap in taps:
        tap.register_forward_hook(keep)
    for ours, tapped in zip(network(image)[:4], kept, strict=True):
        assert torch.equal(ours, tapped)


def test_maps_after_the_pooling():
    """DenseDepth's CONV1, POOL1, POOL2, POOL3 and the last block."""
    network = DenseNetEncoder(169, taps="after", blocks=(2, 2, 2, 2)).eval()
    kept = []
    for name in ("relu0", "pool0", "transition1.pool", "transition2.pool"):
        tap = network.features.get_submodule(name)
        tap.register_forward_hook(lambda *call: kept.append(call[2].clone()))
    with torch.no_grad():
        maps = network(torch.rand(1, 3, 64, 96))
    for ours, tapped in zip(maps[:4], kept, strict=True):
        assert torch.equal(ours, tapped)
    sizes = [(32, 48), (16, 24), (8, 12), (4, 6), (2, 3)]
    assert [tuple(m.shape[-2:]) for m in maps] == sizes
    # Each transition halves 64 + 2 * 32; the last block adds to that.
    channels = [64, 64, 64, 64, 128]
    assert [m.shape[1] for m in maps] == network.channels == channels


def test_published_channels_after_the_pooling():
    """Table 5 of DenseDepth."""
    with torch.device("meta"):
        network = DenseNetEncoder(169, taps="after")
    assert network.channels == [64, 64, 128, 256, 1664]


def test_where_the_maps_are_taken_leaves_the_last_one_alone():
    networks = []
    for taps in ("before", "after"):
        torch.manual_seed(0)
        network = DenseNetEncoder(width=0.25, blocks=(1, 2, 2, 1), taps=taps)
        networks.append(network.eval())
    image = torch.rand(1, 3, 64, 64)
    last = [network(image)[-1] for network in networks]
    assert torch.equal(*last)


class Every(torch.nn.Module):
    """Every second pixel: a pooling that dilation can undo exactly."""

    def forward(self, x):
        return x[..., ::2, ::2]


KINDS = [
    (DenseNetEncoder, 121),
    (ResNetEncoder, 18),
    (ResNetEncoder, 50),
]


@pytest.mark.parametrize("stride", [16, 8])
@pytest.mark.parametrize(("encoder", "depth"), KINDS)
def test_less_shrinking_meets_the_same_features(encoder, depth, stride):
    """Dilated maps contain those of the encoder that steps over pixels.

    A ResNet shrinks by steps alone; for this test so does the DenseNet.
    """
    pair = [
        encoder(depth, width=0.25, blocks=(1, 2, 2, 2), stride=s).eval()
        for s in (32, stride)
    ]
    pair[1].load_state_dict(pair[0].state_dict())
    assert count(pair[0]) == count(pair[1])
    if encoder is DenseNetEncoder:
        kept = {16: [3], 8: [2, 3]}[stride]
        for i in kept:
            getattr(pair[0].features, f"transition{i}").pool = Every()
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        coarse, fine = (network(image)[-1] for network in pair)
    assert fine.shape[-2:] == (64 // stride, 96 // stride)
    step = 32 // stride
    torch.testing.assert_close(fine[..., ::step, ::step], coarse)


@pytest.mark.parametrize(
    ("stride", "sizes"), [(16, [32, 16, 8, 4, 4]), (8, [32, 16, 8, 8, 8])]
)
@pytest.mark.parametrize(
    ("encoder", "options"),
    [
        (DenseNetEncoder, {"taps": "after"}),
        (DenseNetEncoder, {"taps": "before"}),
        (ResNetEncoder, {}),
    ],
)
def test_sizes_of_a_smaller_stride(encoder, options, stride, sizes):
    small = {"width": 0.125, "blocks": (1, 1, 1, 1), "stride": stride}
    maps = encoder(**small, **options)(torch.rand(1, 3, 64, 64))
    assert [m.shape[-1] for m in maps] == sizes


@pytest.mark.parametrize(
    ("width", "stem", "last"),
    [(0.25, 16, 68), (0.5, 32, 136), (2.0, 128, 544)],
)
def test_dense_width_and_blocks(width, stem, last):
    """Stem 64 w and growth 32 w; transitions halve, rounding down."""
    network = DenseNetEncoder(width=width, blocks=(2, 4, 6, 4))
    channels, growth = 64 * width, 32 * width
    expected = [channels]
    for length in (2, 4, 6):
        channels = (channels + length * growth) // 2
        expected.append(channels)
    expected.append(channels + 4 * growth)
    assert network.channels == expected
    assert network.channels[0] == stem and network.channels[-1] == last


def test_res_width_and_blocks():
    network = ResNetEncoder(width=0.25, blocks=(1, 2, 2, 1))
    assert network.channels == [16, 64, 128, 256, 512]
    assert len(network.layer2) == 2


def test_narrow_networks_keep_multiples_of_four():
    assert ResNetEncoder(18, width=0.01).channels == [4] * 5
    assert ResNetEncoder(18, width=0.3).channels == [20, 20, 40, 76, 152]


@BOTH
class TestBadInput:
    def test_depth(self, encoder):
        with pytest.raises(ValueError, match="depth is 77"):
            encoder(77)

    def test_stride(self, encoder):
        with pytest.raises(ValueError, match="stride is 4"):
            encoder(stride=4)

    def test_pool(self, encoder):
        with pytest.raises(ValueError, match="pool is 'mean'"):
            encoder(pool="mean")

    @pytest.mark.parametrize("width", [0, -1.0])
    def test_width(self, encoder, width):
        with pytest.raises(ValueError, match="width is"):
            encoder(width=width)

    @pytest.mark.parametrize(
        "blocks", [(1, 2, 3), (1, 0, 1, 1), (1, 1.5, 1, 1)]
    )
    def test_blocks(self, encoder, blocks):
        with pytest.raises(ValueError, match="blocks is"):
            encoder(blocks=blocks)

    def test_weights(self, encoder):
        with pytest.raises(ValueError, match="weights is 'places'"):
            encoder(weights="places")

    @pytest.mark.parametrize(
        "options", [{"width": 0.5}, {"blocks": (1, 1, 1, 1)}]
    )
    def test_weights_of_another_network(self, encoder, options):
        with pytest.raises(ValueError, match="width at 1.0 and blocks"):
            encoder(weights="imagenet", **options)


def test_bad_taps():
    with pytest.raises(ValueError, match="taps is 'between'"):
        DenseNetEncoder(taps="between")


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_by_name(name):
    """The name says class and depth."""
    with torch.device("meta"):
        network = build_encoder(name, pool="conv")
    kind = DenseNetEncoder if name.startswith("dense") else ResNetEncoder
    depth = int("".join(c for c in name if c.isdigit()))
    assert isinstance(network, kind)
    assert count(network) == COUNTS[kind, depth] + 65_664


def test_an_unknown_encoder():
    with pytest.raises(ValueError, match="encoder is 'vgg16'; give one of"):
        build_encoder("vgg16")


def test_each_depth_has_a_file():
    names = {f"densenet{d}" for d in DENSE_BLOCKS}
    names |= {f"resnet{d}" for d in RES_BLOCKS}
    assert set(IMAGENET_FILES) == set(ENCODERS) == names


@pytest.fixture(scope="module")
def torchvision_models():
    # Without a build that fits torch the import raises RuntimeError.
    try:
        from torchvision import models
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"torchvision does not import here: {error}")
    return models


@pytest.mark.parametrize("depth", DENSE_BLOCKS)
def test_dense_equals_torchvision(torchvision_models, depth):
    theirs = getattr(torchvision_models, f"densenet{depth}")().eval()
    ours = DenseNetEncoder(depth).eval()
    ours.load_state_dict(theirs.state_dict())
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = torch.relu(theirs.features(image))
        torch.testing.assert_close(ours(image)[-1], expected)


@pytest.mark.parametrize("depth", RES_BLOCKS)
def test_res_equals_torchvision(torchvision_models, depth):
    theirs = getattr(torchvision_models, f"resnet{depth}")().eval()
    ours = ResNetEncoder(depth).eval()
    ours.load_state_dict(theirs.state_dict())
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        last = ours(image)[-1]
        scores = theirs.fc(last.mean((2, 3)))
        torch.testing.assert_close(scores, theirs(image))
