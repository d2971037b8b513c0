"""The one training loop of the book."""

import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from depthlib.training.adversarial import AdversarialStep
from depthlib.training.checkpoint import load_checkpoint, save_checkpoint
from depthlib.training.config import TrainConfig
from depthlib.training.stream import batch_positions
from depthlib.training.supervised import SupervisedStep


class TrainingDivergedError(FloatingPointError):
    """The loss is no longer a finite number.

    Attributes:
        history: the training up to the last finite loss.
    """

    history = None


@dataclass
class History:
    """What a training leaves behind beside its weights.

    Attributes:
        losses: the loss of every step.
        curve: one dict per evaluation, with ``samples`` and its metrics.
        seconds: of wall time, over all sittings.
    """

    losses: list[float] = field(default_factory=list)
    curve: list[dict] = field(default_factory=list)
    seconds: float = 0.0


def learning_rate(step: int, config: TrainConfig) -> float:
    """Constant for the first half of the steps, then linear to zero."""
    return config.lr * min(1.0, 2.0 * (1.0 - step / config.steps))


def fit(
    model,
    data,
    config: TrainConfig,
    *,
    evaluate=None,
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 30.0,
    step=None,
    fabric=None,
    workers: int = 0,
    on_step=None,
) -> History:
    """Train ``model`` in place on ``data`` by the recipe ``config``.

    Args:
        model: what the step trains; for the usual ones it maps images
            ``(B, 3, H, W)`` to metres ``(B, 1, H, W)``.
        data: a depthlib data set of training images.
        config: the recipe.
        evaluate: called with the model ``config.curve_points`` times along
            the way; returns a dict of numbers for ``History.curve``.
        checkpoint: file that makes the training resumable: killed and
            started again, it ends with the same weights, bit for bit (on
            the same machine, CPU).
        checkpoint_seconds: least time between two checkpoints.
        step: the kind of training, made as ``step(fabric, model, config)``;
            None takes the adversarial step of D3-Net for the loss "lsgan"
            and the supervised one for any other.
        fabric: a launched Fabric; None takes one process on the CPU.
        workers: processes that load data; they do not change the result.
        on_step: called with the number of samples seen so far.

    Returns:
        The ``History``; the weights are in ``model``.

    Raises:
        TrainingDivergedError: a loss is NaN or infinite; names the step.
    """
    fabric = fabric or _one_process(config.precision)
    # Channels last: the same numbers, a third more images per second (CPU).
    model.to(memory_format=torch.channels_last)
    if step is None:
        step = AdversarialStep if config.loss == "lsgan" else SupervisedStep
    step = step(fabric, model, config)
    history, start = History(), 0
    if checkpoint and (saved := load_checkpoint(checkpoint)):
        start = saved["steps_done"]
        step.load_state_dict(saved["step"])
        torch.set_rng_state(saved["rng"])
        history = History(**saved["history"])

    evaluation_steps = _evaluation_steps(config) if evaluate else ()
    earlier, began = history.seconds, time.perf_counter()
    saved_at = began
    for k, batch in enumerate(_batches(data, config, start, fabric, workers)):
        done = start + k + 1
        parts = step(
            fabric.to_device(batch), learning_rate(done - 1, config), done - 1
        )
        history.losses.append(_finite(parts["loss"], done, config, history))
        if done in evaluation_steps:
            seen = done * config.batch_size
            history.curve.append({"samples": seen, **evaluate(step.model)})
        if on_step:
            on_step(done * config.batch_size)
        now = time.perf_counter()
        history.seconds = earlier + now - began
        if checkpoint and now - saved_at > checkpoint_seconds:
            _save(checkpoint, step, history, done)
            saved_at = time.perf_counter()
    return history


def _one_process(precision: str):
    from lightning.fabric import Fabric

    return Fabric(accelerator="cpu", devices=1, precision=precision)


def _batches(data, config, start, fabric, workers):
    positions = batch_positions(
        start,
        config.steps,
        config.batch_size,
        rank=fabric.global_rank,
        world=fabric.world_size,
    )
    # A generator of its own: the loader draws a seed for its workers, and
    # that draw must not move the global state that a checkpoint restores.
    return DataLoader(
        config.stream(data),
        batch_sampler=positions,
        num_workers=workers,
        generator=torch.Generator(),
    )


def _evaluation_steps(config: TrainConfig) -> set[int]:
    points = min(config.curve_points, config.steps)
    return {round(config.steps * i / points) for i in range(1, points + 1)}


def _finite(loss, done, config, history) -> float:
    value = float(loss)
    if not math.isfinite(value):
        error = TrainingDivergedError(
            f"the loss is {value} at step {done} of {config.steps} "
            f"(loss={config.loss}, lr={config.lr}); lower the learning rate"
        )
        error.history = history
        raise error
    return value


def _save(path, step, history, done):
    save_checkpoint(
        path,
        {
            "steps_done": done,
            "step": step.state_dict(),
            "rng": torch.get_rng_state(),
            "history": vars(history),
        },
    )
