"""The order of samples is a function of seed and position alone."""

import pytest
import torch

from depthlib.training.stream import SampleStream, batch_positions


class Numbers(torch.utils.data.Dataset):
    """Image i is constant i; its depth grows to the right."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        ramp = torch.arange(6.0).expand(1, 4, 6)
        return {
            "image": torch.full((3, 4, 6), float(i)),
            "depth": ramp + 1,
            "mask": ramp < 5,
            "intrinsics": torch.tensor(
                [[5.0, 0, 2.0], [0, 5.0, 2.0], [0, 0, 1]]
            ),
            "index": i,
        }


def order(stream, positions):
    return [stream[p]["index"] for p in positions]


def test_each_pass_shows_every_image_once_in_a_new_order():
    stream = SampleStream(Numbers(10), seed=3)
    first, second = order(stream, range(10)), order(stream, range(10, 20))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


def test_any_position_is_reached_without_those_before_it():
    ahead = order(SampleStream(Numbers(10), seed=3), range(37))
    assert SampleStream(Numbers(10), seed=3)[36]["index"] == ahead[36]


def test_seeds_differ():
    a = order(SampleStream(Numbers(10), seed=0), range(10))
    b = order(SampleStream(Numbers(10), seed=1), range(10))
    assert a != b


def test_windows_lie_anywhere_and_keep_what_belongs_together():
    plain = SampleStream(Numbers(50), seed=3, flip=False)
    stream = SampleStream(Numbers(50), seed=3, flip=False, window=(3, 4))
    found = set()
    for p in range(100):
        whole, part = plain[p], stream[p]
        assert part["index"] == whole["index"]  # the order stays
        assert part["image"].shape == (3, 3, 4)
        left = round(part["depth"][0, 0, 0].item()) - 1
        for name in ("depth", "mask"):
            columns = whole[name][..., left : left + 4]
            assert torch.equal(part[name], columns[:, :3])
        top = 2.0 - part["intrinsics"][1, 2].item()
        assert part["intrinsics"][0, 2] == 2.0 - left
        found.add((top, left))
    assert found == {(t, x) for t in (0, 1) for x in (0, 1, 2)}
    fits = SampleStream(Numbers(3), flip=False, window=(4, 6))[0]
    assert torch.equal(fits["depth"], Numbers(3)[0]["depth"])
    with pytest.raises(ValueError, match="does not fit"):
        SampleStream(Numbers(3), window=(5, 4))[0]


def test_processes_share_the_global_batch():
    together = batch_positions(2, 4, 6)
    apart = [batch_positions(2, 4, 6, rank=r, world=2) for r in (0, 1)]
    for step in range(2):
        halves = apart[0][step] + apart[1][step]
        assert sorted(halves) == together[step]
    assert together == [list(range(12, 18)), list(range(18, 24))]


def test_about_half_of_the_samples_are_mirrored():
    stream = SampleStream(Numbers(200), seed=0)
    flips = sum(stream[p]["depth"][0, 0, 0] > 1 for p in range(200))
    assert 70 < flips < 130
    plain = SampleStream(Numbers(20), seed=0, flip=False)
    assert all(plain[p]["depth"][0, 0, 0] == 1 for p in range(20))


class Colours(Numbers):
    """The channels of every image are 0, 1 and 2."""

    def __getitem__(self, i):
        channels = torch.arange(3.0).view(3, 1, 1).expand(3, 4, 6)
        return super().__getitem__(i) | {"image": channels}


def test_a_quarter_of_the_samples_has_other_colours_and_nothing_else():
    plain = SampleStream(Colours(400), seed=0)
    mixed = SampleStream(Colours(400), seed=0, swap=0.25)
    seen = {}
    for p in range(400):
        one, two = plain[p], mixed[p]
        assert one["index"] == two["index"]
        assert torch.equal(one["depth"], two["depth"])
        colours = tuple(two["image"][:, 0, 0].int().tolist())
        seen[colours] = seen.get(colours, 0) + 1
    # Three standard deviations of a binomial with 400 draws of 1/4: 26.
    assert abs(seen.pop((0, 1, 2)) - 300) < 26
    assert len(seen) == 5 and min(seen.values()) >= 8
    with pytest.raises(ValueError, match="probability"):
        SampleStream(Colours(4), swap=2)


def test_an_empty_set_is_refused():
    with pytest.raises(ValueError, match="empty"):
        SampleStream(Numbers(0))
