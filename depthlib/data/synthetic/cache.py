"""Rendered images on disk: complete or absent, shared between processes."""

import hashlib
import json
import shutil
import sys
import tempfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np


def parameter_hash(parameters: dict) -> str:
    """A short hash of plain values, the same in every process."""
    text = json.dumps(parameters, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def image_arrays(size) -> dict:
    """Names, types and shapes of what is kept of one image of size (H, W)."""
    return {
        "images": (np.uint8, (3, *size)),
        "depths": (np.float32, tuple(size)),
        "intrinsics": (np.float32, (3, 3)),
    }


def stored_images(
    kind: str,
    n: int,
    size,
    parameters: dict,
    render,
    workers: int,
    arrays: dict | None = None,
):
    """Memory-mapped arrays of the first n scenes.

    Renders what is missing. A larger stored set serves a smaller request,
    and a smaller one is copied, not rendered again.

    Args:
        kind: such as "rooms", how the folder's name begins.
        n: number of images.
        size: (H, W).
        parameters: everything that an image depends on, as plain values.
        render: ``render(i)`` returns the arrays of scene i.
        workers: threads to render with; the result does not depend on it.
        arrays: their names, types and shapes; None: ``image_arrays``.

    Returns:
        One array for each name, its first dimension n.
    """
    from depthlib.data.cache import cache_dir

    arrays = arrays or image_arrays(size)
    name = kind + "-{style}-{split}-{seed}".format(**parameters)
    name += f"-{size[0]}x{size[1]}-{parameter_hash(parameters)}"
    home = Path(cache_dir()) / name
    found = _open(home, n, arrays)
    if found is None:
        home.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(home) as alone:
            for left in home.glob(".part-*") if alone else ():
                shutil.rmtree(left, ignore_errors=True)  # of a killed run
            # Another process may have been faster.
            found = _open(home, n, arrays)
            if found is None:
                _write(home, n, arrays, parameters, render, workers)
                found = _open(home, n, arrays)
    return tuple(array[:n] for array in found)


def _sets(home: Path) -> dict[int, Path]:
    """The complete sets in a folder by their number of images."""
    return {
        int(path.name[1:]): path
        for path in home.glob("n*")
        if path.name[1:].isdigit()
    }


def _open(home: Path, n: int, names):
    large = sorted(k for k in _sets(home) if k >= n)
    if not large:
        return None
    folder = _sets(home)[large[0]]
    return tuple(
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in names
    )


def _write(home, n, kept, parameters, render, workers):
    """Renders into a folder of another name and renames it when complete."""
    from tqdm import tqdm

    temporary = Path(tempfile.mkdtemp(prefix=".part-", dir=home))
    try:
        arrays = [
            np.lib.format.open_memmap(
                temporary / f"{name}.npy",
                mode="w+",
                dtype=kind,
                shape=(n, *shape),
            )
            for name, (kind, shape) in kept.items()
        ]
        start = 0
        smaller = _sets(home)
        if smaller:
            start = max(smaller)
            before = _open(home, start, kept)
            for target, source in zip(arrays, before, strict=True):
                target[:start] = source[:start]
        jobs = _in_order(render, range(start, n), workers)
        bar = tqdm(
            jobs,
            desc=home.name,
            total=n - start,
            leave=False,
            disable=None if n - start > 200 else True,
        )
        for i, result in enumerate(bar, start):
            for target, source in zip(arrays, result, strict=True):
                target[i] = source
        for array in arrays:
            array.flush()
        del arrays
        (temporary / "parameters.json").write_text(
            json.dumps(parameters | {"n": n}, indent=1) + "\n"
        )
        if n not in _sets(home):
            temporary.replace(home / f"n{n}")
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _in_order(render, numbers, workers):
    """Results of render(i) in order, a few jobs ahead, memory bounded."""
    if workers <= 1:
        yield from map(render, numbers)
        return
    with ThreadPoolExecutor(workers) as pool, _quick_turns():
        ahead = deque()
        for i in numbers:
            ahead.append(pool.submit(render, i))
            if len(ahead) > 4 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


@contextmanager
def _quick_turns():
    """Shortens the time a thread waits for the interpreter (5 ms by default).

    The kernels let go of it ten times an image and want it back.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(2e-4)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _one_at_a_time(home: Path):
    """Lets one process render while others wait, where the system can.

    Yields whether it could: without locks two processes may render the same
    set, and the second finds it there when it is done.
    """
    try:
        import fcntl
    except ImportError:
        yield False
        return
    with (home / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield True
