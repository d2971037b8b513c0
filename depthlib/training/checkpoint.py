"""Checkpoints that a kill cannot break."""

import os
from pathlib import Path

import torch

from depthlib.writing import whole


def save_checkpoint(path: Path, state: dict) -> None:
    """Write ``state`` under a temporary name, then rename it to ``path``.

    A reader finds the old file or the new one, never half of one.
    """
    with whole(path) as temporary, temporary.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())


def load_checkpoint(path: Path) -> dict | None:
    """The state in ``path``, or None where there is none.

    Raises:
        ValueError: the file is no checkpoint; it names the file.
    """
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(
            f"{path} is no readable checkpoint ({error}); "
            "delete it to start this run from its beginning"
        ) from error
