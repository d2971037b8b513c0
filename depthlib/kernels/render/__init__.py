"""Ray casting: how the synthetic rooms and streets are drawn.

``reference`` is the version to read; ``casting`` does the same arithmetic
faster, row by row (``rows``). Light falls in ``light`` and ``grid``, colours
are made in ``texture`` and ``facade``, and ``shade`` (indoors) and
``outdoor`` put them together.
"""

from depthlib.kernels.render.reference import (
    BOX,
    CYLINDER,
    ELLIPSOID,
    FAR,
    FOLIAGE,
    PANEL,
    PRISM,
    ROOM,
    Scene,
    View,
    render,
)

__all__ = [
    "BOX",
    "CYLINDER",
    "ELLIPSOID",
    "FAR",
    "FOLIAGE",
    "PANEL",
    "PRISM",
    "ROOM",
    "Scene",
    "View",
    "render",
]
