"""SC-GAN's generator: the paper's shapes, its equations, its controls."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from depthlib.kernels import smolyak_offsets, uniform_offsets
from depthlib.models import SCGAN, PatchDiscriminator

OFFSETS = uniform_offsets(1, 2)
SMALL = {"encoder": "resnet18", "width": 0.05, "blocks": (1, 1, 1, 1)}
SMALL |= {"stages": 1}


def small(offsets=OFFSETS, **options):
    torch.manual_seed(0)
    return SCGAN(offsets, **(SMALL | options))


def clip(n=2, height=32, width=64):
    return torch.rand(n, 3, height, width), torch.rand(n, 2, 3, height, width)


def count(module):
    return sum(p.numel() for p in module.parameters())


def settled(model):
    """In evaluation mode, with norms that have seen something."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.bias, -0.3, 0.3)
    return model.eval()


def test_the_shapes_of_the_paper_at_256_by_512():
    """With ResNet-50, on a device that computes shapes and no values."""
    offsets = smolyak_offsets(7)
    with torch.device("meta"):
        model = SCGAN(offsets).eval()
        inputs = clip(1, 256, 512)
    model.offsets = offsets
    seen = {}

    def note(name):
        def hook(_module, inputs, output):
            seen[name] = [tuple(x.shape) for x in (*inputs, output)]

        return hook

    for name in ("aspp", "attention", "refine", "fusion"):
        getattr(model, name).register_forward_hook(note(name))
    with torch.no_grad():
        depth = model(*inputs)
    assert seen["aspp"][-1] == (3, 256, 32, 64)  # before it is enlarged
    assert seen["attention"][-1] == (2, 441)
    x, features, stem, image, out = seen["refine"]
    assert x == (2, 441 + 256, 64, 128) == (2, 697, 64, 128)
    assert features == (2, 256, 64, 128)
    assert stem == (2, 64, 128, 256)
    assert image == (2, 3, 256, 512)
    assert out == (2, 1, 256, 512)
    assert seen["fusion"] == [(1, 2, 256, 512), (1, 1, 256, 512)]
    assert depth.shape == (1, 1, 256, 512)
    assert model.attention.first.weight.shape == (441, 512)
    assert model.attention.second.weight.shape == (441, 441)


def test_numbers_of_parameters_with_resnet_50():
    offsets = smolyak_offsets(7)

    def full(**options):
        with torch.device("meta"):
            return SCGAN(offsets, **options)

    model = full()
    parts = {n: count(m) for n, m in model.named_children()}
    assert parts["encoder"] == 23_508_032
    assert parts["aspp"] == 15_534_848
    attention, v = 441 * 512 + 441 * 441, 441 * 256 * 9
    assert parts["attention"] == attention == 420_273
    assert parts["fusion"] == 19
    total = count(model)
    assert total == sum(parts.values()) == 42_510_213
    for same in (
        {"correspondence": "self"},
        {"attention": "blind"},
        {"attention": "sigmoid"},
        {"refinement": "blind"},
        {"similarity": "cosine", "borders": "valid"},
        {"stride": 32},
    ):
        assert count(full(**same)) == total, same
    assert count(full(attention="none")) == total - attention
    assert count(full(attention="static")) == total - attention + 441
    assert count(full(correspondence="none")) == total - attention - v
    last = 256 * 9 + 1
    kept = total - parts["refine"] + 697 * 256 * 9 + 256 + last
    assert count(full(refinement="none")) == kept


def test_the_discriminator_of_the_paper():
    d = PatchDiscriminator(in_channels=4, layers=3, norm="instance")
    assert d.score_size(256, 512) == (30, 62)
    assert d.receptive_field == 70


def by_hand(model, image, adjacent):
    """The whole forward pass of Eq. 1 to 5, one pair after the other."""
    frames = [image, adjacent[:, 0], adjacent[:, 1]]
    f, stem = zip(*(model.features(x) for x in frames), strict=True)
    height, width = f[0].shape[-2:]
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)  # ImageNet's
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    maps = []
    for k in (1, 2):
        v = np.zeros((len(image), len(model.offsets), height, width))
        r, a = f[0].numpy(), f[k].numpy()
        for c, (dy, dx) in enumerate(model.offsets.tolist()):
            for i in range(height):
                for j in range(width):
                    y, x = i + dy, j + dx
                    if 0 <= y < height and 0 <= x < width:
                        v[:, c, i, j] = (r[..., i, j] * a[..., y, x]).sum(1)
        v = torch.from_numpy(v / r.shape[1] ** 0.5).float()
        w = torch.cat([f[0].mean((2, 3)), f[k].mean((2, 3))], 1)
        w = (w @ model.attention.first.weight.T).relu()
        w = w @ model.attention.second.weight.T
        v = v * w[:, :, None, None]
        x = torch.cat([v, model.norm(f[0])], 1)
        normal = (image - mean) / std
        maps.append(model.refine(x, f[0], stem[0], normal))
    fused = model.fusion(torch.cat(maps, 1))
    return (1e-3 + (80 - 1e-3) * (fused + 1) / 2).clamp(1e-3, 80)


def test_the_whole_network_by_hand():
    model = settled(small())
    torch.nn.init.normal_(model.fusion.weight, std=0.3)
    image, adjacent = clip()
    with torch.no_grad():
        expected = by_hand(model, image, adjacent)
        found = model(image, adjacent)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)
        # Frames -1 and +1 have their places.
        turned = model(image, adjacent.flip(1))
    assert not torch.allclose(turned, found, atol=1e-2)


def test_the_fusion_starts_as_the_mean_of_both_maps():
    model = small()
    maps = torch.randn(2, 2, 8, 8)
    expected = maps.mean(1, keepdim=True)
    torch.testing.assert_close(model.fusion(maps), expected)


def test_a_frame_with_itself_is_a_clip_that_stands_still():
    moving, alone = settled(small()), small(correspondence="self").eval()
    alone.load_state_dict(moving.state_dict())
    image, _ = clip()
    still = image[:, None].expand(-1, 2, -1, -1, -1)
    with torch.no_grad():
        torch.testing.assert_close(
            alone(image), moving(image, still), rtol=1e-4, atol=1e-4
        )
    assert alone.inputs == ("image",)
    assert moving.inputs == ("image", "adjacent")


def test_without_correspondence_there_is_one_frame_and_no_attention():
    model = small(correspondence="none")
    assert model.inputs == ("image",)
    assert model.attention is None
    image, adjacent = clip()
    model.eval()
    assert torch.equal(model(image), model(image, adjacent))


def test_what_has_one_shape_starts_equal():
    usual = small().state_dict()
    for other in (
        small(uniform_offsets(2, 6)),
        small(attention="static"),
        small(correspondence="none"),
    ):
        state = other.state_dict()
        names = [n for n in state if "attention" not in n and "mix4" not in n]
        assert len(names) == len(usual) - 4
        assert all(torch.equal(state[n], usual[n]) for n in names)


@pytest.mark.parametrize("stages, stride", [(4, 8), (4, 32), (2, 8), (1, 8)])
def test_features_lie_at_a_quarter_whatever_the_encoder(stages, stride):
    model = small(stages=stages, stride=stride)
    f, stem = model.features(torch.rand(2, 3, 64, 96))
    assert f.shape[-2:] == (16, 24)
    assert stem.shape[-2:] == (32, 48)
    assert (f >= 0).all()


def test_cosines_lie_between_minus_one_and_one():
    model = small(similarity="cosine")
    f, g = torch.randn(2, 1, 12, 8, 9)
    v = model.correlate(f, g)
    assert v.abs().max() <= 1 + 1e-5
    centre = OFFSETS.tolist().index([0, 0])
    itself = model.correlate(f, f)[:, centre]
    torch.testing.assert_close(itself, torch.ones_like(itself))
    expected = F.cosine_similarity(f, g, dim=1)
    torch.testing.assert_close(v[:, centre], expected)


def test_normed_features_are_compared_as_they_stand_beside_v(monkeypatch):
    """All frames go through one norm; what V multiplies has mean zero."""
    model = small(similarity="normed", attention="none").train()
    image, adjacent = clip(2, 32, 64)
    seen = []
    usual = model.correlate
    monkeypatch.setattr(
        model, "correlate", lambda r, a: seen.append((r, a)) or usual(r, a)
    )
    model(image, adjacent)
    (r, a), f = seen[0], model.features(model._frames(image, adjacent))[0]
    assert (f >= 0).all() and f.mean() > 0
    every = torch.cat([r[:2], a])
    mean, spread = f.mean((0, 2, 3)), f.var((0, 2, 3), correction=0)
    by_hand = (f - mean[:, None, None]) / (spread + 1e-5)[:, None, None] ** 0.5
    torch.testing.assert_close(every, by_hand, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(r[:2], r[2:])
    count = [
        sum(p.numel() for p in small(similarity=s).parameters())
        for s in ("dot", "normed")
    ]
    assert count[0] == count[1]


def test_borders_count_as_much_as_the_middle():
    """Of features that are alike everywhere, by sums over the offsets."""
    f = torch.ones(1, 4, 6, 9)
    zero = small().correlate(f, f).sum(1)[0]
    assert zero[3, 4] == 25 * 2 and zero[0, 0] == 9 * 2
    valid = small(borders="valid").correlate(f, f).sum(1)[0]
    torch.testing.assert_close(valid, torch.full_like(valid, 25 * 2))


def test_other_sizes_are_padded_by_their_border():
    model = settled(small())
    image, adjacent = clip(1, 40, 71)
    with torch.no_grad():
        found = model(image, adjacent)
        wide = [
            F.pad(x.flatten(0, -4), (0, 25, 0, 24), mode="replicate")
            for x in (image, adjacent)
        ]
        whole = model(wide[0], wide[1][None])
    assert found.shape == (1, 1, 40, 71)
    torch.testing.assert_close(found, whole[..., :40, :71])


def test_depth_is_clipped_in_evaluation_mode_alone():
    model = small()
    torch.nn.init.constant_(model.fusion.bias, 30.0)
    inputs = clip()
    assert (model.train()(*inputs) > 80).all()
    assert (model.eval()(*inputs) == 80).all()


def test_weights_are_those_of_the_forward_pass():
    model = settled(small())
    seen = []
    model.attention.register_forward_hook(lambda m, i, o: seen.append(o))
    inputs = clip(3)
    with torch.no_grad():
        weights = model.weights(*inputs)
        model(*inputs)
    assert weights.shape == (3, 2, 25)
    assert torch.equal(weights[:, 0], seen[1][:3])
    assert torch.equal(weights[:, 1], seen[1][3:])


@pytest.mark.parametrize("correspondence", ["pairs", "self", "none"])
def test_every_parameter_learns_from_a_single_sample(correspondence):
    model = small(correspondence=correspondence).train()
    image, adjacent = clip(1)
    adjacent.requires_grad_(True)
    model(image, adjacent).square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    assert (adjacent.grad is not None) == (correspondence == "pairs")


def test_bad_arguments():
    image, adjacent = clip()
    with pytest.raises(ValueError, match="adjacent is None"):
        small()(image)
    with pytest.raises(ValueError, match=r"\(2, 2, 3, 32, 64\)"):
        small()(image, adjacent[:, :1])
    with pytest.raises(ValueError, match="image has shape"):
        small()(image[0], adjacent)
    with pytest.raises(ValueError, match=r"\(N, 2\)"):
        small(torch.zeros(3, dtype=torch.long))
    with pytest.raises(ValueError, match="densenet"):
        small(encoder="densenet121")
    for name in ("correspondence", "attention", "refinement"):
        with pytest.raises(ValueError, match=f"{name} is 'all'"):
            small(**{name: "all"})
