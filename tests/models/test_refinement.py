"""From a quarter of the image to all of it, with and without skips."""

import pytest
import torch
import torch.nn.functional as F

from depthlib.models.refinement import CoarseHead, Refinement


def inputs(channels=5, features=3, stem=2, height=8, width=12):
    sizes = [(channels, 4), (features, 4), (stem, 2), (3, 1)]
    return [torch.randn(2, c, height // s, width // s) for c, s in sizes]


def test_the_layers_by_hand():
    net = Refinement(5, 3, 2, width=0.05)
    x, features, stem, image = inputs()
    expected = F.conv2d(x, net.mix4.weight, net.mix4.bias, padding=1).relu()
    for up, skip, mix, below in (
        (net.up2, stem, net.mix2, features),
        (net.up1, image, net.mix1, None),
    ):
        if below is not None:
            expected = torch.cat([expected, below], 1)
        expected = F.conv_transpose2d(expected, up.weight, up.bias, 2, 1)
        expected = torch.cat([expected.relu(), skip], 1)
        expected = F.conv2d(expected, mix.weight, mix.bias, padding=1).relu()
    expected = F.conv2d(expected, net.last.weight, net.last.bias, padding=1)
    found = net(x, features, stem, image)
    assert found.shape == (2, 1, 8, 12)
    torch.testing.assert_close(found, expected)


def test_published_widths():
    with torch.device("meta"):
        net = Refinement(697, 256, 64)
    shapes = {
        name: tuple(p.shape)
        for name, p in net.named_parameters()
        if name.endswith("weight")
    }
    assert shapes == {
        "mix4.weight": (256, 697, 3, 3),
        "up2.weight": (512, 128, 4, 4),
        "mix2.weight": (128, 192, 3, 3),
        "up1.weight": (128, 64, 4, 4),
        "mix1.weight": (64, 67, 3, 3),
        "last.weight": (1, 64, 3, 3),
    }


@pytest.mark.parametrize("skip", [1, 2, 3])
def test_blind_to_every_skip_with_the_same_parameters(skip):
    torch.manual_seed(0)
    sees = Refinement(5, 3, 2, width=0.05)
    blind = Refinement(5, 3, 2, width=0.05, blind=True)
    blind.load_state_dict(sees.state_dict())
    one = inputs()
    two = list(one)
    two[skip] = torch.randn_like(one[skip])
    assert torch.equal(blind(*one), blind(*two))
    assert not torch.equal(sees(*one), sees(*two))


def test_the_number_of_channels_changes_no_other_start():
    nets = []
    for channels in (4, 9):
        torch.manual_seed(0)
        nets.append(Refinement(channels, 3, 2, width=0.05))
    states = [net.state_dict() for net in nets]
    names = [n for n in states[0] if not n.startswith("mix4")]
    assert len(names) == 10
    assert all(torch.equal(states[0][n], states[1][n]) for n in names)


def test_the_coarse_head_knows_a_quarter_of_the_positions():
    head = CoarseHead(5, width=0.05)
    x, *skips = inputs(height=32, width=32)
    found = head(x, *skips)
    assert found.shape == (2, 1, 32, 32)
    # Bilinear: between the centres of cells every second difference is 0.
    inside = found[..., 2:-2, 2:-2].unflatten(-1, (-1, 4))
    bend = inside[..., 2:] - 2 * inside[..., 1:-1] + inside[..., :-2]
    assert bend.abs().max() < 1e-5


def test_signals_keep_their_size():
    """He's rule, also behind a stride of 2."""
    torch.manual_seed(0)
    net = Refinement(64, 64, 64)
    x = [t.relu() for t in inputs(64, 64, 64, 64, 64)[:3]]
    deep = net.mix4(x[0])
    wide = net.up2(torch.cat([deep.relu(), *[x[1]]], 1))
    for y in (deep, wide):
        assert 0.6 < y.square().mean() / x[0].square().mean() / 2 < 1.6
