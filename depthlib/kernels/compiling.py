"""How the numba kernels are compiled, and when they are compiled anew."""

import hashlib
from pathlib import Path

import numpy as np

# No "nnan"/"ninf": comparisons with misses must stay meaningful.
FAST = {"contract", "nsz", "arcp"}
OPTIONS = {
    "nogil": True,
    "cache": True,
    "fastmath": FAST,
    "error_model": "numpy",
}
# Functions called from kernels of other files are kept as a part of those.
INNER = OPTIONS | {"cache": False}
FAR = np.float32(1e6)
TINY = np.float32(1e-12)
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)


def share_threads() -> None:
    """Let parallel kernels use as many threads as torch does.

    Numba takes all cores otherwise. What is more, both share OpenMP, and
    numba's first parallel call sets *torch's* number to its own: a training
    that was to run in one thread would go on in as many as there are cores.
    """
    import numba
    import torch

    wanted = torch.get_num_threads()
    # This starts numba's threads, if nothing has yet.
    numba.set_num_threads(min(wanted, numba.config.NUMBA_NUM_THREADS))
    if torch.get_num_threads() != wanted:
        torch.set_num_threads(wanted)


def source_stamp(*names: str) -> int:
    """A number that changes with the source of these kernel files."""
    home = Path(__file__).parent
    text = b"".join((home / f"{name}.py").read_bytes() for name in names)
    return int.from_bytes(hashlib.sha256(text).digest()[:6])
