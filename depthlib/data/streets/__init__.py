"""Synthetic streets: what a camera on a car sees, with its true depth.

Image ``i`` of a set is a function of its style, split, seed and number, of
nothing else. Size only changes how finely the same view is sampled, and a
scene is drawn apart from the time at which it is seen: ``scene(...)`` holds
the solids with their velocities and the camera with its own, and
``render_street(..., t=0.1)`` is the same street a tenth of a second later.

From plan to pixels: ``layout`` draws a ``plan``, lays the ``ground`` on a
``site``, builds on both ``sides`` (``houses``, ``things``) and sets
``traffic`` (``cars``) going; ``look`` gives materials (``recipes``,
``colours``) and weather, ``view`` renders and photographs, ``sensor``
measures, ``dataset`` serves the images, and ``video`` triples of frames.
What rooms need too lies in ``depthlib/data/synthetic``.

The camera's speed, metres a second: normal, clamped at both ends, by kind of
street (``plan.KINDS``), and 0 where it stands at a light.
"""

from depthlib.data.streets.dataset import Streets, streets
from depthlib.data.streets.video import (
    StreetsVideo,
    render_triple,
    streets_video,
)
from depthlib.data.streets.view import StreetScene, render_street, scene

__all__ = [
    "StreetScene",
    "Streets",
    "StreetsVideo",
    "render_street",
    "render_triple",
    "scene",
    "streets",
    "streets_video",
]
