"""A short text that changes when the files of a data set do."""

import hashlib
import json

import numpy as np

FINGERPRINTED = 8  # pairs whose content counts, beside the size of all
# Kinds of which a file may change and keep its size: texts, edited in place,
# and arrays that are not compressed.
WHOLE = (".txt", ".json", ".npy", ".tif", ".tiff")


def fingerprint(names, paths) -> str:
    """Changes with the names, with any file's size, and with a few contents.

    Texts and arrays count whole: their numbers can change and not their size.

    Args:
        names: of the pairs; anything that JSON holds.
        paths: gives the files of a name.
    """
    digest = hashlib.sha256()
    every = {}  # each once: a day of KITTI shares its calibration
    for name in names:
        files = paths(name)
        sizes = [path.stat().st_size for path in files]
        digest.update(json.dumps([name, sizes]).encode())
        every |= {p: None for p in files if p.suffix.lower() in WHOLE}
    for path in every:
        digest.update(path.read_bytes())
    for name in spread(names):
        for path in paths(name):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def spread(names) -> list:
    """A few names, evenly spaced, the first and the last among them."""
    places = np.linspace(0, len(names) - 1, min(len(names), FINGERPRINTED))
    return [names[int(i)] for i in places]
