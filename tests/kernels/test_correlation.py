"""Spatial correlation against nested loops, and its gradients."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck
from torch.utils._python_dispatch import TorchDispatchMode

from depthlib.kernels import (
    smolyak_offsets,
    spatial_correlation,
    uniform_offsets,
)

BACKENDS = ["torch", "numba"]


def maps(*shape, seed=0, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(2, *shape, generator=g, dtype=dtype).unbind()


def by_loops(reference, adjacent, offsets):
    """The definition, one number after another."""
    batch, channels, height, width = reference.shape
    one, two = reference.numpy(), adjacent.numpy()
    out = np.zeros((batch, len(offsets), height, width))
    for b in range(batch):
        for n, (dy, dx) in enumerate(offsets.tolist()):
            for i in range(height):
                for j in range(width):
                    y, x = i + dy, j + dx
                    if 0 <= y < height and 0 <= x < width:
                        total = sum(
                            one[b, c, i, j] * two[b, c, y, x]
                            for c in range(channels)
                        )
                        out[b, n, i, j] = total / channels**0.5
    return torch.from_numpy(out)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=30)
@given(
    shape=st.tuples(*(st.integers(1, n) for n in (2, 5, 7, 9))),
    offsets=st.lists(
        st.tuples(st.integers(-9, 9), st.integers(-11, 11)), min_size=1
    ),
    seed=st.integers(0, 999),
)
def test_equals_nested_loops(backend, shape, offsets, seed):
    """Unsorted, repeated, lopsided, and beyond the map."""
    reference, adjacent = maps(*shape, seed=seed)
    offsets = torch.tensor(offsets)
    fast = spatial_correlation(reference, adjacent, offsets, backend)
    slow = by_loops(reference, adjacent, offsets)
    assert (fast - slow).abs().max() < 1e-12


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_paper_offsets_on_a_map_smaller_than_they_reach(backend):
    reference, adjacent = maps(1, 3, 10, 20)
    offsets = smolyak_offsets(5)
    fast = spatial_correlation(reference, adjacent, offsets, backend)
    slow = by_loops(reference, adjacent, offsets)
    assert (fast - slow).abs().max() < 1e-12
    assert (fast[:, offsets[:, 0].abs() >= 10] == 0).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_finds_where_the_scene_went(backend):
    """Two rows down and three columns left: the largest is at (2, -3)."""
    reference, _ = maps(1, 64, 16, 24)
    adjacent = reference.roll((2, -3), (2, 3))
    offsets = uniform_offsets(1, 4)
    found = spatial_correlation(reference, adjacent, offsets, backend)
    best = offsets[found.argmax(1)[0, 4:-4, 4:-4]]
    assert (best == torch.tensor([2, -3])).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_unit_features_give_unit_variance(backend):
    reference, adjacent = maps(1, 96, 30, 40, dtype=torch.float32)
    offsets = uniform_offsets(3, 6)
    made = spatial_correlation(reference, adjacent, offsets, backend)
    assert made[..., 6:-6, 6:-6].std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("backend", BACKENDS)
def test_huge_offsets_are_outside(backend):
    reference, adjacent = maps(1, 2, 3, 4)
    far = 2**62
    offsets = torch.tensor([[far, 0], [0, -far], [3, 0], [0, 4], [0, 0]])
    made = spatial_correlation(reference, adjacent, offsets, backend)
    assert (made[:, :4] == 0).all() and (made[:, 4] != 0).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_not_finite_stays_with_its_pairs(backend):
    """Outside means zero, even beside NaN; inside, NaN is not hidden."""
    reference, adjacent = maps(1, 5, 4, 9)
    adjacent[0, 0, 1, 2] = torch.nan
    reference[0, 1, 3, 3] = torch.inf
    offsets = uniform_offsets(1, 2)
    made = spatial_correlation(reference, adjacent, offsets, backend)
    slow = by_loops(reference, adjacent, offsets)
    assert torch.allclose(made, slow, equal_nan=True)
    assert not slow.isfinite().all()


LAYOUTS = {
    "channels last": lambda x: x.to(memory_format=torch.channels_last),
    "transposed": lambda x: x.mT.contiguous().mT,
    "sliced": lambda x: x.repeat_interleave(2, 1)[:, ::2],
    "flipped view": lambda x: x.flip(3).as_strided(x.shape, x.stride()),
    "expanded": lambda x: x[:1].expand_as(x),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_any_memory_format(backend, layout):
    offsets = smolyak_offsets(3, 5)
    given = [LAYOUTS[layout](x).requires_grad_() for x in maps(2, 6, 7, 11)]
    plain = [x.detach().clone().contiguous().requires_grad_() for x in given]
    one = spatial_correlation(*given, offsets, backend)
    two = spatial_correlation(*plain, offsets, backend)
    assert (one - two).abs().max() < 1e-12
    weight = LAYOUTS[layout](torch.randn_like(one))
    pulled = torch.autograd.grad(one, given, weight)
    wanted = torch.autograd.grad(two, plain, weight.contiguous())
    for a, b in zip(pulled, wanted, strict=True):
        assert (a - b).abs().max() < 1e-12


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=5)
@given(
    shape=st.tuples(*(st.integers(1, n) for n in (2, 3, 4, 5))),
    offsets=st.lists(
        st.tuples(st.integers(-4, 4), st.integers(-5, 5)),
        min_size=1,
        max_size=9,
    ),
)
def test_gradients(backend, shape, offsets):
    one, two = (x.requires_grad_() for x in maps(*shape))
    offsets = torch.tensor([*offsets, offsets[0]])
    assert gradcheck(
        lambda r, a: spatial_correlation(r, a, offsets, backend), (one, two)
    )


def test_gradients_equal_those_of_autograd():
    """Gather all displaced features, and let torch do the rest."""
    one, two = (x.requires_grad_() for x in maps(2, 8, 9, 12))
    offsets = smolyak_offsets(4, 6)
    padded = torch.nn.functional.pad(two, (6,) * 4)
    plain = torch.stack(
        [
            (one * padded[..., 6 + y : 15 + y, 6 + x : 18 + x]).sum(1)
            for y, x in offsets.tolist()
        ],
        dim=1,
    ).div(8**0.5)
    weight = torch.randn_like(plain)
    wanted = torch.autograd.grad(plain, (one, two), weight)
    for backend in BACKENDS:
        made = spatial_correlation(one, two, offsets, backend)
        pulled = torch.autograd.grad(made, (one, two), weight)
        for a, b in zip(pulled, wanted, strict=True):
            assert (a - b).abs().max() < 1e-12


@pytest.mark.parametrize(
    "dtype, tolerance", [(torch.float32, 1e-6), (torch.float64, 1e-12)]
)
@pytest.mark.parametrize(
    "shape, offsets",
    [
        ((2, 64, 12, 30), smolyak_offsets(6, 12)),
        ((1, 17, 33, 20), smolyak_offsets(5)),
        ((1, 1, 5, 40), uniform_offsets(2, 9)),
    ],
)
def test_backends_agree(shape, offsets, dtype, tolerance):
    given = [x.requires_grad_() for x in maps(*shape, dtype=dtype)]
    results = []
    for backend in BACKENDS:
        made = spatial_correlation(*given, offsets, backend)
        weight = maps(*made.shape, dtype=dtype)[0]
        results.append((made, *torch.autograd.grad(made, given, weight)))
    for one, two in zip(*results, strict=True):
        assert one.dtype == two.dtype == dtype
        assert (one - two).abs().max() < tolerance * one.abs().max()


def test_half_precision_is_summed_in_single():
    """In bfloat16 alone, a sum over 81 offsets would lose its digits."""
    half = [x.bfloat16().requires_grad_() for x in maps(1, 32, 9, 10)]
    full = [x.detach().float().requires_grad_() for x in half]
    offsets = uniform_offsets(1, 4)
    made = spatial_correlation(*half, offsets)
    wanted = spatial_correlation(*full, offsets, "torch")
    assert torch.equal(made, wanted.bfloat16())
    weight = torch.randn_like(made)
    pulled = torch.autograd.grad(made, half, weight)
    exact = torch.autograd.grad(wanted, full, weight.float())
    for a, b in zip(pulled, exact, strict=True):
        assert torch.equal(a, b.bfloat16())


def test_auto_is_numba_on_the_cpu():
    given = maps(1, 24, 9, 10, dtype=torch.float32)
    auto = spatial_correlation(*given, smolyak_offsets(4, 6))
    fast = spatial_correlation(*given, smolyak_offsets(4, 6), "numba")
    assert torch.equal(auto, fast)


class Largest(TorchDispatchMode):
    """Notes how many numbers the largest new tensor holds."""

    numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for x in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(x, torch.Tensor):
                held = x.untyped_storage().nbytes() // x.element_size()
                self.numel = max(self.numel, held)
        return out


@pytest.mark.parametrize("backend", BACKENDS)
def test_memory_never_holds_displaced_features(backend):
    """Nothing is kept but the inputs, and nothing grows beyond the maps or
    the result."""
    given = [x.requires_grad_() for x in maps(2, 16, 10, 12)]
    offsets = smolyak_offsets(4, 8)
    result = 2 * len(offsets) * 10 * 12
    kept = []

    def keep(x):
        kept.append(x.data_ptr())
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        made = spatial_correlation(*given, offsets, backend)
    assert sorted(kept) == sorted(x.data_ptr() for x in given)
    with Largest() as forward:
        spatial_correlation(*given, offsets, backend)
    weight = torch.ones(made.shape, dtype=made.dtype)
    with Largest() as backward:
        torch.autograd.grad(made, given, weight)
    assert forward.numel == result
    assert backward.numel <= result < 16 * result


def test_only_wanted_gradients_are_made():
    one, two = maps(1, 3, 4, 5)
    one.requires_grad_()
    spatial_correlation(one, two, uniform_offsets(1, 1)).sum().backward()
    assert one.grad is not None and two.grad is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_second_derivatives(backend):
    given = [x.requires_grad_() for x in maps(1, 2, 3, 4)]
    offsets = torch.tensor([[1, -1], [0, 2], [-2, 0], [0, 2], [5, 0]])
    assert gradgradcheck(
        lambda r, a: spatial_correlation(r, a, offsets, backend), given
    )


THREADS = """
import numba, torch
from depthlib.kernels import smolyak_offsets, spatial_correlation
torch.manual_seed(0)
given = torch.randn(2, 2, 24, 13, 21).unbind()
given = [x.requires_grad_() for x in given]
results = []
for threads in (1, 2):
    torch.set_num_threads(threads)
    made = spatial_correlation(*given, smolyak_offsets(5, 12), "numba")
    pulled = torch.autograd.grad(made, given, made.detach().cos())
    results.append((made, *pulled))
    # As many as torch, whose number stays what it was.
    assert numba.get_num_threads() == torch.get_num_threads() == threads
print(all(map(torch.equal, *results)))
"""


def test_threads_do_not_change_a_bit():
    done = subprocess.run(
        [sys.executable, "-c", THREADS],
        capture_output=True,
        text=True,
        env=os.environ | {"NUMBA_NUM_THREADS": "2"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True"]


OFFSETS = torch.tensor([[0, 0]])


@pytest.mark.parametrize(
    "change, message",
    [
        ({"adjacent": torch.ones(1, 2, 3, 5)}, r"same \(B, C, H, W\)"),
        ({"reference": torch.ones(2, 3, 4)}, r"same \(B, C, H, W\)"),
        ({"adjacent": torch.ones(1, 2, 3, 4).double()}, "one floating type"),
        ({"adjacent": torch.ones(1, 2, 3, 4, device="meta")}, "one device"),
        ({"offsets": torch.zeros(0, 2).long()}, "at least one"),
        ({"offsets": torch.zeros(3).long()}, r"expected \(N, 2\)"),
        ({"offsets": torch.zeros(3, 2)}, "whole numbers"),
        ({"backend": "triton"}, "'triton'"),
    ],
)
def test_bad_arguments(change, message):
    given = {
        "reference": torch.ones(1, 2, 3, 4),
        "adjacent": torch.ones(1, 2, 3, 4),
        "offsets": OFFSETS,
    }
    with pytest.raises(ValueError, match=message):
        spatial_correlation(**given | change)


def test_features_that_a_backend_cannot_take():
    whole = torch.ones(1, 2, 3, 4).long()
    with pytest.raises(ValueError, match="one floating type"):
        spatial_correlation(whole, whole, OFFSETS)
    none = torch.ones(1, 0, 3, 4)
    with pytest.raises(ValueError, match=r"\(1, 0, 3, 4\)"):
        spatial_correlation(none, none, OFFSETS)
    half = torch.ones(1, 2, 3, 4).half()
    with pytest.raises(ValueError, match="float32 or float64 on the CPU"):
        spatial_correlation(half, half, OFFSETS, "numba")


def test_offsets_may_be_a_list_or_an_array():
    one, two = maps(1, 3, 4, 5)
    offsets = [[0, 0], [1, -2]]
    wanted = spatial_correlation(one, two, torch.tensor(offsets))
    for given_as in (offsets, np.array(offsets), np.array(offsets, np.int8)):
        assert torch.equal(spatial_correlation(one, two, given_as), wanted)
    for bad in ([[0.0, 1.0]], [[True, False]]):
        with pytest.raises(ValueError, match="expected whole numbers"):
            spatial_correlation(one, two, bad)
