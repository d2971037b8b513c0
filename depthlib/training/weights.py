"""Trained networks as single files that carry what they need to load."""

import json
import os
from pathlib import Path

from depthlib.models import D3Net

KIND = "depthlib-d3net-1"


def save_weights(path: Path, model, about: dict) -> None:
    """Write ``model`` as safetensors, complete or not at all.

    Args:
        path: ends in ``.safetensors``.
        model: a ``D3Net``.
        about: plain values: ``encoder``, ``width``, ``blocks`` and ``size``
            (H, W) of the training images rebuild the network; anything
            else (data, loss, seed, scores) is for readers.
    """
    from safetensors.torch import save_file

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    tensors = {k: v.contiguous() for k, v in model.state_dict().items()}
    try:
        save_file(
            tensors,
            temporary,
            metadata={"kind": KIND, "about": json.dumps(about)},
        )
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load_weights(path: Path):
    """The network in ``path`` and what is known about it.

    Returns:
        ``(model, about)``; the model is in evaluation mode.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not one that ``save_weights`` wrote.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} does not exist; train a network with "
            "`depthlib train --output FILE.safetensors`"
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            names = list(file.keys())
            tensors = {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file ({error})") from error
    if metadata.get("kind") != KIND:
        raise ValueError(
            f"{path} was not written by `depthlib train` "
            f"(its kind is {metadata.get('kind')!r}, expected {KIND!r})"
        )
    about = json.loads(metadata["about"])
    blocks = about["blocks"]
    model = D3Net(
        encoder=about["encoder"],
        width=about["width"],
        blocks=tuple(blocks) if blocks else None,
    )
    model.load_state_dict(tensors)
    return model.eval(), about
