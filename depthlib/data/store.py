"""Prepared arrays on disk: complete or absent, shared between processes."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np


def build_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Make `folder` by ``build(temporary)`` unless it is there already.

    The work happens in a temporary folder beside it, which is renamed when
    `build` returns: whoever sees `folder` sees all of it. Processes that
    start together wait for the one that builds. Left-overs of a build that
    was killed are removed by the next one.

    Args:
        folder: what shall exist.
        build: fills an empty folder that it is given.

    Returns:
        `folder`, complete.
    """
    from filelock import FileLock

    folder = Path(folder)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if folder.is_dir():
            return folder
        # The lock is ours, so no living process writes into these.
        for left in folder.parent.glob(f"{folder.name}.*.tmp"):
            shutil.rmtree(left, ignore_errors=True)
        temporary = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
        temporary.mkdir()
        try:
            build(temporary)
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def stored(folder: Path, key: str, n: int, read):
    """Memory-mapped arrays of ``read(0)``, ..., ``read(n - 1)``.

    Args:
        folder: where to keep them.
        key: everything they depend on; another key, another file.
        n: number of items.
        read: returns a tuple of arrays, of equal shapes for every item.

    Returns:
        A tuple of arrays with n items each.
    """
    home = Path(folder) / hashlib.sha256(key.encode()).hexdigest()[:16]
    build_once(home, lambda temporary: _write(temporary, n, read))
    paths = sorted(home.glob("*.npy"))
    return tuple(np.load(path, mmap_mode="r") for path in paths)


def _write(folder: Path, n: int, read) -> None:
    from tqdm import tqdm

    arrays = None
    for i in tqdm(range(n), desc="preparing", leave=False, disable=None):
        items = read(i)
        if arrays is None:
            arrays = [
                np.lib.format.open_memmap(
                    folder / f"{k}.npy",
                    mode="w+",
                    dtype=item.dtype,
                    shape=(n, *item.shape),
                )
                for k, item in enumerate(items)
            ]
        for array, item in zip(arrays, items, strict=True):
            array[i] = item
    for array in arrays or ():
        array.flush()
