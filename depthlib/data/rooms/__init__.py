"""Synthetic rooms: photographs of furnished rooms with their true depth.

Image ``i`` of a set is a function of its style, split, seed and number, of
nothing else: not of the batch, the order, the number of workers or images.
Size only changes how finely the same view is sampled.

From plan to pixels: ``layout`` furnishes a room (``shell``, ``sets``,
``seats``, ``storage``, all made of ``parts``) and stands a ``camera`` in it,
``look`` gives materials (``recipes``) and ``colours``, ``view`` renders and
photographs, ``sensor`` measures, and ``dataset`` serves the images. What
streets need too lies in ``depthlib/data/synthetic``.

See the chapter on data for what the rooms teach a network and what not.
"""

from depthlib.data.rooms.dataset import Rooms, rooms
from depthlib.data.rooms.view import RoomScene, render_room, scene

__all__ = ["RoomScene", "Rooms", "render_room", "rooms", "scene"]
