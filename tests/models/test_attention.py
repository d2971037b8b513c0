"""DBA against its equations written out, and its controls."""

import numpy as np
import pytest
import torch

from depthlib.models import DirectionAttention


def test_equations_3_and_4_by_hand():
    attention = DirectionAttention(2, 3).double()
    f_r, f_a = torch.rand(2, 1, 2, 4, 5, dtype=torch.float64)
    found = attention(f_r, f_a)[0].detach().numpy()
    height, width = 16, 20  # of the frame: 16 / (H W) is 1 / 20
    w = np.zeros(4)
    for i in range(height // 4):
        for j in range(width // 4):
            w += np.concatenate([f_r[0, :, i, j], f_a[0, :, i, j]])
    w *= 16 / (height * width)
    w1, w2 = (
        layer.weight.detach().numpy()
        for layer in (attention.first, attention.second)
    )
    assert w1.shape == (3, 4) and w2.shape == (3, 3)
    np.testing.assert_allclose(found, w2 @ np.maximum(w1 @ w, 0))


def test_weights_may_be_negative_as_printed_but_not_behind_a_sigmoid():
    torch.manual_seed(0)
    features = torch.rand(2, 4, 8, 6, 6)
    printed = DirectionAttention(8, 50)
    squashed = DirectionAttention(8, 50, "sigmoid")
    squashed.load_state_dict(printed.state_dict())
    found = printed(*features)
    assert (found < 0).any() and (found > 0).any()
    torch.testing.assert_close(squashed(*features), found.sigmoid())


def test_it_forgets_where_things_are():
    """Eq. 3 is a mean: a moved frame has the weights of the same frame."""
    attention = DirectionAttention(8, 5)
    f = torch.rand(1, 8, 6, 9)
    moved = f.roll((2, 3), (2, 3))
    torch.testing.assert_close(attention(f, f), attention(f, moved))


@pytest.mark.parametrize("kind", ["static", "blind"])
def test_the_controls_do_not_look(kind):
    attention = DirectionAttention(8, 5, kind)
    one, two = (attention(*torch.rand(2, 3, 8, 6, 6)) for _ in range(2))
    assert one.shape == (3, 5)
    assert torch.equal(one, two)
    assert torch.equal(one[0], one[2])


def test_parameters_and_starts():
    def count(kind):
        attention = DirectionAttention(256, 441, kind)
        return sum(p.numel() for p in attention.parameters())

    assert count("dba") == count("sigmoid") == count("blind")
    assert count("dba") == 441 * 512 + 441 * 441
    assert count("static") == 441
    static = DirectionAttention(2, 3, "static")
    assert (static(*torch.rand(2, 1, 2, 4, 4)) == 1).all()
