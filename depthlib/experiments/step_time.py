"""How long a whole step of SC-GAN takes, by the offsets that it compares."""

import time
from dataclasses import dataclass, replace
from typing import ClassVar

from depthlib.experiments.video_run import SCGANRun

KNOWN = 0.04  # share of pixels with a true depth, as a scanner leaves it


@dataclass(frozen=True, kw_only=True)
class StepTimeRun(SCGANRun):
    """One step of D and one of G, on noise, as trainings of a profile run.

    On a GPU where they do, seconds of the clock and peak memory; on a CPU
    seconds of the processor, as a clock would measure who else is at work.

    Attributes:
        repeats: steps that are timed after a first one; the shortest counts.
    """

    TRAINS: ClassVar = False
    ON_DEVICE: ClassVar = True

    data: str = "cards"
    truth: str = "dense"
    n_train: int = 1
    n_test: int = 1
    repeats: int = 3

    def compute(self, data, protocol) -> dict[str, dict]:
        """``seconds`` of a step, its ``offsets``, on a GPU ``memory_mb``."""
        import torch

        from depthlib.experiments.single import make_fabric

        fabric = make_fabric(self)
        on_gpu = fabric.device.type == "cuda"
        now = time.perf_counter if on_gpu else time.process_time
        if on_gpu:
            torch.cuda.reset_peak_memory_stats()
        step, batch = self._step(fabric)
        step(batch, self.lr, 0)  # compiles and allocates
        seconds = []
        for k in range(self.repeats):
            began = now()
            step(batch, self.lr, k + 1)
            if on_gpu:
                torch.cuda.synchronize()
            seconds.append(now() - began)
        found = {
            "seconds": min(seconds),
            "offsets": float(len(self.offsets())),
        }
        if on_gpu:
            found["memory_mb"] = torch.cuda.max_memory_allocated() / 1e6
        return {"image": {}, "pixel": {}, "quality": found}

    def readings(self) -> list:
        """None: nothing is predicted."""
        return []

    def signature(self, data, protocol) -> list[float]:
        """Of what is timed: the losses of two steps."""
        from lightning.fabric import Fabric

        step, batch = self._step(Fabric(accelerator="cpu", devices=1))
        return [step(batch, self.lr, k)["loss"].item() for k in range(2)]

    def _step(self, fabric):
        """A fresh step, and a batch of noise on the step's device."""
        import torch

        rng = torch.Generator().manual_seed(self.seed)
        shape = (self.batch_size, 3, *self.size)
        image, *adjacent = torch.rand(3, *shape, generator=rng)
        known = torch.rand(shape, generator=rng)[:, :1]
        batch = {
            "image": image,
            "adjacent": torch.stack(adjacent, 1),
            "depth": 1 + 20 * image[:, :1],
            "mask": known < KNOWN,
        }
        model = self.build_model().to(memory_format=torch.channels_last)
        step = self.step_class()(fabric, model, self)
        return step, fabric.to_device(batch)

    def recipe(self) -> "StepTimeRun":
        """As in ``SCGANRun``, at a small radius."""
        return replace(super().recipe(), radius=4, level=3)
