"""A reader of PLY files that shares no line with the writer."""

import numpy as np

TYPES = {"float": "<f4", "uchar": "u1"}


def read_ply(path):
    """Structured array of the vertices of a binary little-endian file."""
    content = path.read_bytes()
    header, _, body = content.partition(b"end_header\n")
    lines = header.decode("ascii").splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    words = [line.split() for line in lines[2:]]
    (count,) = [int(w[2]) for w in words if w[:2] == ["element", "vertex"]]
    kind = np.dtype([(w[2], TYPES[w[1]]) for w in words if w[0] == "property"])
    assert len(body) == count * kind.itemsize
    return np.frombuffer(body, kind)
