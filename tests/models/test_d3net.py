"""D3-Net: its published count, its output, and what training sees."""

import pytest
import torch

from depthlib.models import D3Net, scale_depth, unscale_depth

SMALL = {"width": 0.125, "blocks": (1, 1, 1, 1)}
ENCODERS = pytest.mark.parametrize("encoder", ["densenet121", "resnet50"])


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_published_count():
    """The sum of the parts, each from its own arithmetic."""
    with torch.device("meta"):
        network = D3Net()
    pairs = [(1024, 512), (1024, 256), (512, 128), (256, 64), (128, 64)]
    transposed = sum(16 * a * b for a, b in pairs)
    biases = sum(b for _, b in pairs)
    threes = sum(9 * b * b for _, b in pairs)
    norms = sum(2 * 2 * b for _, b in pairs)
    assert (transposed, biases) == (14_024_704, 1_024)
    assert (threes, norms) == (3_170_304, 4_096)
    encoder = 6_953_856 + 65_536 + 128
    assert count(network.encoder) == encoder
    assert count(network.decoder) == transposed + biases + threes + norms
    assert count(network.head) == 576
    assert count(network) == 24_220_224


def test_no_parameter_hides_in_buffers():
    with torch.device("meta"):
        network = D3Net()
    names = set(network.state_dict())
    assert {name.split(".")[0] for name in names} == {
        "encoder",
        "decoder",
        "head",
    }


@ENCODERS
def test_decoder_widths(encoder):
    """Same output widths behind both front-ends; inputs follow the skips."""
    with torch.device("meta"):
        network = D3Net(encoder)
    ups = [block.up for block in network.decoder]
    assert [up.out_channels for up in ups] == [512, 256, 128, 64, 64]
    expected = {
        "densenet121": [1024, 1024, 512, 256, 128],
        "resnet50": [2048, 1536, 768, 384, 128],
    }
    assert [up.in_channels for up in ups] == expected[encoder]


@ENCODERS
@pytest.mark.parametrize("size", [(32, 32), (64, 96), (32, 128)])
def test_output_has_the_size_of_the_image(encoder, size):
    network = D3Net(encoder, **SMALL)
    depth = network(torch.rand(2, 3, *size))
    assert depth.shape == (2, 1, *size)
    assert depth.dtype == torch.float32


def test_the_papers_size():
    with torch.device("meta"):
        network, image = D3Net(), torch.zeros(1, 3, 256, 320)
        maps = network.encoder(image)
        depth = network(image)
    sizes = [tuple(m.shape[1:]) for m in maps]
    assert sizes == [
        (64, 128, 160),
        (128, 64, 80),
        (256, 32, 40),
        (512, 16, 20),
        (1024, 8, 10),
    ]
    assert depth.shape == (1, 1, 256, 320)


def test_depth_stays_inside_its_range():
    network = D3Net(**SMALL, min_depth=0.5, max_depth=4.0)
    image = torch.rand(2, 3, 32, 32)
    for factor, expected in ((1e6, (0.5, 4.0)), (0.0, (2.25, 2.25))):
        with torch.no_grad():
            network.head.weight.mul_(factor)
            depth = network(image)
        assert depth.min().item() == pytest.approx(expected[0])
        assert depth.max().item() == pytest.approx(expected[1])


def test_depth_is_positive_even_at_the_lower_end():
    network = D3Net(**SMALL)
    with torch.no_grad():
        network.head.weight.mul_(1e6)
        assert network(torch.rand(2, 3, 32, 32)).min() > 0


@ENCODERS
def test_every_parameter_learns(encoder):
    network = D3Net(encoder, **SMALL)
    network(torch.rand(2, 3, 64, 64)).square().mean().backward()
    still = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    # The norm behind a transposed convolution takes its bias out again.
    assert all(name.endswith("up.bias") for name in still)


def test_it_fits_one_image():
    """Depth that follows the picture is learnt in a few dozen steps."""
    network = D3Net(**SMALL)
    rows = torch.linspace(1, 6, 32).view(1, 1, 32, 1).expand(2, 1, 32, 32)
    target = rows + (torch.rand(2, 1, 32, 32) > 0.5)
    image = (target / 10).expand(2, 3, 32, 32)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    errors = []
    for _ in range(60):
        error = (network(image) - target).abs().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    spread = (target - target.median()).abs().mean().item()
    assert errors[-1] < 0.35 * spread < errors[0]


@ENCODERS
def test_channels_last_changes_nothing(encoder):
    network = D3Net(encoder, **SMALL).eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = network(image)
        network.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(network(image), expected)


def test_autocast_keeps_the_output_fine():
    network = D3Net(**SMALL).eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = network(image)
        with torch.autocast("cpu", torch.bfloat16):
            depth = network(image)
    assert depth.dtype == torch.float32
    # More values than the 256 per octave of eight bits could give.
    assert depth.unique().numel() > 3000
    assert (depth - expected).abs().mean() < 0.3


def test_an_image_is_scored_alone_in_evaluation_mode():
    network = D3Net(**SMALL)
    network(torch.rand(4, 3, 32, 32))
    network.eval()
    images = torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        together = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    torch.testing.assert_close(together, alone)


def test_the_seed_decides():
    networks = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        networks.append(D3Net(**SMALL).state_dict())
    same = [torch.equal(networks[0][k], networks[1][k]) for k in networks[0]]
    other = [torch.equal(networks[0][k], networks[2][k]) for k in networks[0]]
    assert all(same) and not all(other)


def test_initial_signal_neither_dies_nor_saturates():
    for encoder in ("densenet121", "resnet50"):
        network = D3Net(encoder, width=0.25, blocks=(1, 2, 2, 1))
        with torch.no_grad():
            depth = network(torch.rand(4, 3, 64, 64))
        level = scale_depth(depth)
        assert 0.2 < level.std() < 0.9
        assert (level.abs() > 0.99).float().mean() < 0.1


@pytest.mark.parametrize("size", [(48, 64), (64, 80), (31, 32), (0, 32)])
def test_size_must_fit(size):
    with pytest.raises(ValueError, match="multiples of 32"):
        D3Net(**SMALL)(torch.rand(1, 3, *size))


def test_bad_images():
    network = D3Net(**SMALL)
    with pytest.raises(ValueError, match=r"give \(B, 3, H, W\)"):
        network(torch.rand(3, 32, 32))
    with pytest.raises(ValueError, match=r"give \(B, 3, H, W\)"):
        network(torch.rand(1, 1, 32, 32))
    with pytest.raises(ValueError, match="uint8"):
        network(torch.zeros(1, 3, 32, 32, dtype=torch.uint8))


def test_bad_arguments():
    with pytest.raises(ValueError, match="encoder is 'vgg16'"):
        D3Net("vgg16")
    for low, high in ((0, 10), (-1, 10), (5, 5), (5, 1)):
        with pytest.raises(ValueError, match="0 < min_depth < max_depth"):
            D3Net(**SMALL, min_depth=low, max_depth=high)


def test_scale_and_back():
    depth = torch.rand(2, 1, 4, 4, dtype=torch.float64) * 10
    assert scale_depth(torch.tensor(1e-3)).item() == -1
    assert scale_depth(torch.tensor(10.0)).item() == 1
    for low, high in ((1e-3, 10.0), (0.4, 80.0)):
        back = unscale_depth(scale_depth(depth, low, high), low, high)
        torch.testing.assert_close(back, depth)
    for convert in (scale_depth, unscale_depth):
        with pytest.raises(ValueError, match="the smaller first"):
            convert(depth, 10.0, 1.0)
