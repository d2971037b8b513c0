"""Runs of the video study that train nothing: matching, time, triangles."""

import time
from dataclasses import dataclass, replace

from depthlib.experiments.computed_run import ComputedRun
from depthlib.experiments.config import VideoConfig
from depthlib.experiments.sampling import offsets_of

STILL = 0.05  # metres; a camera that moves less sees no depth


@dataclass(frozen=True, kw_only=True)
class MatchingRun(VideoConfig, ComputedRun):
    """How far the best of some offsets is from the true displacement.

    Attributes:
        sampling: see ``offsets_of``, as are the next two.
        level: of the sparse grids.
        pitch: of ``"every"``.
        radius: of the search, in cells of 4 x 4 pixels.
    """

    images: int = 8
    n_test: int = 40
    sampling: str = "chebyshev"
    level: int = 7
    pitch: int = 2
    radius: int = 12

    def offsets(self):
        """The offsets of this run, ``(N, 2)`` of (dy, dx)."""
        return offsets_of(self)

    def compute(self, data, protocol) -> dict[str, dict]:
        """Means over the cells whose true displacement is in reach.

        - ``displacement_error``: distance of the offset of the highest
          correlation from the true displacement, in cells;
        - ``displacement_gap``: distance of the nearest offset;
        - ``in_reach``: share of these cells among those of known depth.
        """
        import torch

        from depthlib.experiments.matching import gap_at, matched

        offsets, batch = self.offsets(), self.group(data)
        errors, gaps, known = [], [], 0
        for i in range(self.images):
            sample = {name: values[i] for name, values in batch.items()}
            found = matched(sample, offsets, self.radius)
            near = found["near"]
            errors.append(found["error"][near])
            shifts = found["true"].permute(0, 2, 3, 1)
            gaps.append(gap_at(shifts[near], offsets))
            known += found["error"].isfinite().sum().item()
        errors, gaps = torch.cat(errors), torch.cat(gaps)
        found = {
            "displacement_error": errors.mean().item(),
            "displacement_gap": gaps.mean().item(),
            "in_reach": len(errors) / known,
            "offsets": float(len(offsets)),
        }
        return {"image": {}, "pixel": {}, "quality": found}


@dataclass(frozen=True, kw_only=True)
class CorrelationTimeRun(ComputedRun):
    """How long one correlation takes, forward and backward, on noise.

    In one thread. No image is looked at, whatever ``data`` says.

    Attributes:
        sampling: see ``offsets_of``, as are the next two.
        level: of the sparse grids.
        pitch: of ``"every"``.
        radius: of the search; the paper's.
        channels: of the features; the paper's, as are the cells.
        cells: (H, W) of the feature map.
        repeats: timings, of which the shortest counts: on a machine that
            others use too, the rest say what those did.
        backend: of ``spatial_correlation``.
    """

    size: tuple[int, int] = (32, 64)
    n_test: int = 1
    sampling: str = "chebyshev"
    level: int = 7
    pitch: int = 2
    radius: int = 24
    channels: int = 256
    cells: tuple[int, int] = (64, 128)
    repeats: int = 3
    backend: str = "auto"

    def offsets(self):
        """The offsets of this run, ``(N, 2)`` of (dy, dx)."""
        return offsets_of(self)

    def compute(self, data, protocol) -> dict[str, dict]:
        """``seconds`` of one correlation, and how many ``offsets``."""
        maps, weight = self._features()
        self._pass(maps, weight[:, :1], self.offsets()[:1])  # compiles
        seconds = []
        for _ in range(self.repeats):
            began = time.perf_counter()
            self._pass(maps, weight, self.offsets())
            seconds.append(time.perf_counter() - began)
        found = {"seconds": min(seconds), "offsets": float(weight.shape[1])}
        return {"image": {}, "pixel": {}, "quality": found}

    def signature(self, data, protocol) -> list[float]:
        """Of what is timed: no two timings are equal."""
        maps, weight = self._features()
        found = self._pass(maps, weight, self.offsets())
        return [x.square().mean().item() for x in found]

    def _features(self):
        """Two maps of noise, and a gradient for each correlation."""
        import torch

        rng = torch.Generator().manual_seed(self.seed)
        shape = (2, 1, self.channels, *self.cells)
        maps = [
            m.requires_grad_(True) for m in torch.randn(shape, generator=rng)
        ]
        count = len(self.offsets())
        return maps, torch.randn(1, count, *self.cells, generator=rng)

    def _pass(self, maps, weight, offsets) -> list:
        """The volume and both gradients."""
        import torch

        from depthlib.kernels import spatial_correlation

        volume = spatial_correlation(*maps, offsets, self.backend)
        return [volume, *torch.autograd.grad(volume, maps, weight)]

    def recipe(self) -> "CorrelationTimeRun":
        """As in ``ComputedRun``, on a small map, with nothing to compile."""
        small = {"channels": 4, "cells": (16, 16), "backend": "torch"}
        return replace(super().recipe(), **small)


@dataclass(frozen=True, kw_only=True)
class TriangulationRun(VideoConfig, ComputedRun):
    """Depth from true correspondences and a camera motion that is off.

    Attributes:
        method: ``"triangulation"``; claims name these runs by it.
        pose_noise: see ``wrong_motion``.
    """

    images: int = 8
    n_test: int = 40
    method: str = "triangulation"
    pose_noise: float = 0.01

    def compute(self, data, protocol) -> dict[str, dict]:
        """The protocol's scores, over the triples whose camera moves."""
        import torch

        from depthlib.data import displacements
        from depthlib.experiments.matching import triangulate, wrong_motion

        batch = self.group(data)
        moving = batch["motion"][:, :, :3, 3].norm(dim=2).amin(1) > STILL
        if not moving.any():
            raise ValueError(
                f"the camera stands in all triples of seed {self.seed}, and "
                "who stands sees no depth; raise images"
            )
        generator = torch.Generator().manual_seed(self.seed)
        depths = []
        for i in moving.nonzero().flatten().tolist():
            sample = {name: values[i] for name, values in batch.items()}
            motion = sample["motion"]
            depth = triangulate(
                displacements(sample),
                sample["intrinsics"],
                wrong_motion(motion, self.pose_noise, generator),
            )
            depths.append(depth.clamp(max=protocol.max_depth).float())
        truth, mask = batch["depth"][moving], batch["mask"][moving]
        scores = protocol.evaluate(torch.cat(depths), truth, mask)
        share = moving.double().mean().item()
        return {"image": scores, "pixel": {}, "quality": {"moving": share}}
