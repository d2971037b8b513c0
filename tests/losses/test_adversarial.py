"""GAN losses in closed form, and the pool of past fakes."""

import math

import pytest
import torch

from depthlib.losses import BCEGanLoss, HistoryPool, LSGanLoss


def scores(value, shape=(2, 1, 3, 4)):
    return torch.full(shape, float(value), dtype=torch.float64)


def random_scores(seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, 1, 3, 4, generator=generator, dtype=torch.float64)


class TestLeastSquares:
    def test_values(self):
        gan = LSGanLoss()
        assert gan.discriminator(scores(1), scores(0)).item() == 0
        assert gan.discriminator(scores(0), scores(1)).item() == 1
        assert gan.discriminator(scores(0.5), scores(0.5)).item() == 0.25
        assert gan.generator(scores(1)).item() == 0
        assert gan.generator(scores(-1)).item() == 2

    def test_formula(self):
        real, fake = random_scores(0), random_scores(1)
        gan = LSGanLoss()
        expected = ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2
        torch.testing.assert_close(gan.discriminator(real, fake), expected)
        expected = ((fake - 1) ** 2).mean() / 2
        torch.testing.assert_close(gan.generator(fake), expected)

    def test_best_score_is_the_share_of_real_pairs(self):
        """D cannot tell a pair drawn as real 3 times in 4: its score is 3/4.

        The optimum of the objective is p_real / (p_real + p_fake).
        """
        score = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        gan = LSGanLoss()
        for _ in range(200):
            loss = 0.75 * gan.discriminator(score, score.new_zeros(1))
            loss = loss + 0.25 * gan.discriminator(score.new_ones(1), score)
            (slope,) = torch.autograd.grad(loss, score)
            score = (score - 0.5 * slope).detach().requires_grad_(True)
        assert score.item() == pytest.approx(0.75)

    def test_score_maps_may_differ_in_size(self):
        value = LSGanLoss().discriminator(scores(0, (1, 1, 5, 5)), scores(1))
        assert value.item() == 1


class TestCrossEntropy:
    def test_formula(self):
        real, fake = random_scores(0), random_scores(1)
        gan = BCEGanLoss()
        expected = -(
            torch.sigmoid(real).log().mean()
            + (1 - torch.sigmoid(fake)).log().mean()
        )
        torch.testing.assert_close(gan.discriminator(real, fake), expected)
        expected = -torch.sigmoid(fake).log().mean()
        torch.testing.assert_close(gan.generator(fake), expected)

    def test_undecided(self):
        gan = BCEGanLoss()
        undecided = gan.discriminator(scores(0), scores(0))
        assert undecided.item() == pytest.approx(2 * math.log(2))
        halved = BCEGanLoss(factor=0.5).discriminator(scores(0), scores(0))
        assert halved.item() == pytest.approx(math.log(2))

    def test_saturating_form_is_the_printed_one(self):
        fake = random_scores(1)
        value = BCEGanLoss(saturating=True).generator(fake)
        expected = (1 - torch.sigmoid(fake)).log().mean()
        torch.testing.assert_close(value, expected)

    def test_only_the_default_learns_from_a_confident_critic(self):
        slopes = {}
        for saturating in (False, True):
            fake = scores(-20).requires_grad_(True)
            BCEGanLoss(saturating=saturating).generator(fake).backward()
            slopes[saturating] = fake.grad.abs().sum().item()
        assert slopes[False] == pytest.approx(1)
        assert slopes[True] < 1e-8

    @pytest.mark.parametrize("factor", [1.0, 0.5])
    def test_slopes_of_the_discriminator(self, factor):
        """d/ds: factor (D - 1) / n for real scores, factor D / n for fake."""
        real, fake = (random_scores(i).requires_grad_(True) for i in (0, 1))
        BCEGanLoss(factor).discriminator(real, fake).backward()
        share = factor / real.numel()
        torch.testing.assert_close(
            real.grad, share * (real.detach().sigmoid() - 1)
        )
        torch.testing.assert_close(fake.grad, share * fake.detach().sigmoid())

    @pytest.mark.parametrize("saturating", [False, True])
    def test_slopes_of_the_generator(self, saturating):
        """d/ds: (D - 1) / n by default, -D / n as printed; no factor in G.

        Both raise the score. The sum over the two forms is -1 / n: the one is
        steep exactly where the other is flat.
        """
        fake = random_scores(1).requires_grad_(True)
        gan = BCEGanLoss(factor=0.5, saturating=saturating)
        gan.generator(fake).backward()
        score = fake.detach().sigmoid()
        slope = -score if saturating else score - 1
        torch.testing.assert_close(fake.grad, slope / fake.numel())

    @pytest.mark.parametrize("saturating", [False, True])
    def test_slopes_against_finite_differences(self, saturating):
        gan = BCEGanLoss(saturating=saturating)
        scores = [random_scores(i).requires_grad_(True) for i in (0, 1)]
        assert torch.autograd.gradcheck(gan.discriminator, scores)
        assert torch.autograd.gradcheck(gan.generator, scores[:1])

    def test_the_printed_form_is_the_players_one_game(self):
        """Eq. 1: what D maximises of its second term, G minimises."""
        fake = random_scores(1)
        gan = BCEGanLoss(saturating=True)
        without_real = gan.discriminator(scores(1e4), fake)
        torch.testing.assert_close(gan.generator(fake), -without_real)

    def test_best_score_and_the_value_of_the_game(self):
        """D = p / (p + q); there the loss is 2 ln 2 - 2 JS(p, q)."""
        p, q = (
            torch.tensor(x, dtype=torch.float64)
            for x in ([0.5, 0.3, 0.2], [0.1, 0.3, 0.6])
        )
        best = (p / (p + q)).logit().requires_grad_(True)
        gan, middle = BCEGanLoss(), (p + q) / 2
        loss = sum(
            p[i] * gan.discriminator(best[i], best.new_tensor(-1e4))
            + q[i] * gan.discriminator(best.new_tensor(1e4), best[i])
            for i in range(3)
        )
        divergence = sum((r * (r / middle).log()).sum() for r in (p, q)) / 2
        expected = 2 * math.log(2) - 2 * divergence
        torch.testing.assert_close(loss.detach(), expected)
        loss.backward()
        torch.testing.assert_close(best.grad, torch.zeros_like(p))

    def test_extreme_scores_stay_finite(self):
        gan = BCEGanLoss()
        value = gan.discriminator(scores(-1e4), scores(1e4)).item()
        assert value == pytest.approx(2e4)
        assert gan.generator(scores(-1e4)).item() == pytest.approx(1e4)

    def test_factor_must_be_positive(self):
        with pytest.raises(ValueError, match="factor is 0"):
            BCEGanLoss(factor=0)


def pairs(first, count):
    """Images and fakes that carry their number in every pixel."""
    numbers = torch.arange(first, first + count, dtype=torch.float32)
    image = numbers.view(-1, 1, 1, 1).expand(-1, 3, 2, 2)
    return image, -image[:, :1]


def fill(pool, batches=40, size=4, start=0):
    """Numbers that come out of the pool when 0, 1, 2, ... go in."""
    out = []
    for i in range(start, start + batches):
        image, fake = pool.query(*pairs(i * size, size))
        assert image.shape == (size, 3, 2, 2)
        assert fake.shape == (size, 1, 2, 2)
        assert torch.equal(image[:, :1], -fake)
        out += image[:, 0, 0, 0].tolist()
    return out


class TestHistoryPool:
    def test_passes_through_until_full(self):
        pool = HistoryPool(size=8)
        assert fill(pool, batches=2) == list(range(8))
        assert len(pool) == 8

    def test_holds_50_pairs_by_default(self):
        """Pairs, not images: `fill` checks that each fake keeps its own."""
        pool = HistoryPool()
        fill(pool, batches=60, size=1)
        assert len(pool.images) == len(pool.fakes) == 50
        for image, fake in zip(pool.images, pool.fakes, strict=True):
            assert torch.equal(image[:1], -fake)

    def test_exchanges_about_half(self):
        out = fill(HistoryPool(size=10), batches=500)[10:]
        fresh = sum(x == i for i, x in enumerate(out, start=10))
        # 1990 fair draws: five standard deviations are 112.
        assert abs(fresh - len(out) / 2) < 112

    def test_gives_each_pair_at_most_once_and_none_from_the_future(self):
        out = fill(HistoryPool(size=10), batches=100)[10:]
        old = [x for i, x in enumerate(out, start=10) if x != i]
        assert old and len(old) == len(set(old))
        assert all(x <= i for i, x in enumerate(out, start=10))

    def test_every_slot_is_used(self):
        pool = HistoryPool(size=5)
        fill(pool, batches=1, size=5)
        seen = fill(pool, batches=60, size=5, start=1)
        assert set(range(5)) <= set(seen)

    def test_own_generator_makes_it_repeatable(self):
        first = fill(HistoryPool(size=10))
        torch.rand(7)
        assert fill(HistoryPool(size=10)) == first
        other = HistoryPool(10, torch.Generator().manual_seed(1))
        assert fill(other) != first

    def test_leaves_the_global_stream_alone(self):
        before = torch.random.get_rng_state()
        fill(HistoryPool(size=10))
        assert torch.equal(torch.random.get_rng_state(), before)

    @pytest.mark.parametrize("batches", [0, 1, 20])
    def test_resumes_exactly(self, batches, tmp_path):
        """Through a file without pickled objects, half full or full."""
        pool = HistoryPool(size=10)
        fill(pool, batches)
        torch.save(pool.state_dict(), tmp_path / "pool.pt")
        other = HistoryPool(10, torch.Generator().manual_seed(9))
        state = torch.load(tmp_path / "pool.pt", weights_only=True)
        other.load_state_dict(state)
        assert len(other) == len(pool)
        expected = fill(pool, start=batches)
        assert fill(other, start=batches) == expected

    def test_the_saved_state_does_not_follow_the_pool(self):
        pool = HistoryPool(size=4)
        fill(pool, batches=1)
        state = pool.state_dict()
        fill(pool, batches=30, start=1)
        assert state["images"][:, 0, 0, 0].tolist() == [0, 1, 2, 3]

    def test_stores_copies_without_a_graph(self):
        image, fake = pairs(0, 2)
        fake = fake.clone().requires_grad_(True)
        pool = HistoryPool(size=2)
        _, out = pool.query(image, 2 * fake)
        assert not out.requires_grad
        with torch.no_grad():
            fake.add_(100)
        assert pool.fakes[0].max() == 0

    def test_size_zero_is_no_pool(self):
        pool = HistoryPool(size=0)
        assert fill(pool) == list(range(160))
        assert len(pool) == 0

    def test_bad_input(self):
        with pytest.raises(ValueError, match="size is -1"):
            HistoryPool(size=-1)
        image, fake = pairs(0, 3)
        with pytest.raises(ValueError, match="one fake for each image"):
            HistoryPool().query(image, fake[:2])
        pool = HistoryPool(size=6)
        fill(pool)
        with pytest.raises(ValueError, match="state holds 6 pairs"):
            HistoryPool(size=5).load_state_dict(pool.state_dict())
