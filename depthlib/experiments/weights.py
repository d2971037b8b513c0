"""Trained networks as single files that carry what they need to load."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch

from depthlib.experiments.config import RunConfig
from depthlib.experiments.records import plain
from depthlib.experiments.studies import config_of
from depthlib.writing import whole

FORMAT = "depthlib-network-2"


@dataclass(frozen=True)
class Trained:
    """A network from a file.

    Attributes:
        model: maps images to metres, in evaluation mode, float32.
        config: the run that trained it; ``size`` is (H, W) of its images.
        about: what else the file says, for readers: data, scores, machine.
    """

    model: torch.nn.Module
    config: RunConfig
    about: dict


def save_weights(
    path: Path, model, config: RunConfig, about: dict, half: bool = False
) -> None:
    """Write ``model`` as safetensors, complete or not at all.

    Args:
        path: ends in ``.safetensors``.
        model: what ``config.build_model()`` made, trained.
        config: of any kind of run; it rebuilds the network.
        about: plain values for readers.
        half: keep 16 bits of each weight: half the size, and three decimal
            digits; counters stay whole.

    Raises:
        ValueError: a weight is NaN, infinite or too large for 16 bits.
    """
    from safetensors.torch import save

    path = Path(path)
    tensors = {
        name: _stored(value, name, half)
        for name, value in model.state_dict().items()
    }
    metadata = {
        "format": FORMAT,
        "kind": type(config).__name__,
        "config": json.dumps(plain(config)),
        "about": json.dumps(about),
    }
    with whole(path) as temporary:
        temporary.write_bytes(save(tensors, metadata))


def load_weights(path: Path) -> Trained:
    """The network in ``path`` and what is known about it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a folder, not a file that ``save_weights`` wrote, or a
            network that today's code does not build.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a .safetensors file")
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist; train a network with "
            "`depthlib train --output FILE.safetensors`"
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file ({error})") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(
            f"{path} was not written by this version of `depthlib train` "
            f"(its format is {metadata.get('format')!r}, expected {FORMAT!r})"
        )
    try:
        config = config_of(
            {
                "kind": metadata["kind"],
                "config": json.loads(metadata["config"]),
            }
        )
        about = json.loads(metadata["about"])
        # Weights at random are drawn and thrown away; nobody shall notice.
        with torch.random.fork_rng(devices=[]):
            model = config.untrained().build_model()
        model.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"{path} holds a network that this version of depthlib does not "
            f"build ({reason})"
        ) from error
    return Trained(model.eval(), config, about)


def _stored(value: torch.Tensor, name: str, half: bool) -> torch.Tensor:
    value = value.detach().cpu()
    if not value.is_floating_point():
        return value.contiguous()
    if half:
        value = value.half()
    if not value.isfinite().all():
        raise ValueError(
            f"{name} holds NaN, infinity or a number beyond "
            f"{torch.finfo(value.dtype).max:g}; these weights are not kept"
        )
    return value.contiguous()
