"""Prepared arrays on disk: complete or absent, shared between processes."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import numpy as np


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
    from filelock import FileLock

    home = folder / hashlib.sha256(key.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    # The lock goes with its process, a kill included.
    with FileLock(home.with_suffix(".lock")):
        if not home.exists():
            _write(home, n, read)
    paths = sorted(home.glob("*.npy"))
    return tuple(np.load(path, mmap_mode="r") for path in paths)


def _write(home: Path, n: int, read) -> None:
    """Fill a folder of another name and rename it when it is complete."""
    temporary = Path(tempfile.mkdtemp(prefix=".part-", dir=home.parent))
    try:
        arrays = None
        for i in range(n):
            items = read(i)
            if arrays is None:
                arrays = [
                    np.lib.format.open_memmap(
                        temporary / f"{k}.npy",
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
        temporary.replace(home)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
