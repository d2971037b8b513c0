"""Poses and intrinsics of the cameras that look at drawn scenes."""

import math

import numpy as np


def look_from(place, yaw, pitch, roll) -> np.ndarray:
    """World-to-camera matrix (4, 4).

    Args:
        place: (x, y, z) of the camera, in metres.
        yaw: viewing direction in the floor plan, from the x axis.
        pitch: how far the camera looks down.
        roll: turns the camera about its viewing direction.
    """
    cy, sy, cp, sp = (
        math.cos(yaw),
        math.sin(yaw),
        math.cos(pitch),
        math.sin(pitch),
    )
    right = np.array([sy, -cy, 0.0])
    ahead = np.array([cy * cp, sy * cp, -sp])
    down = np.array([-cy * sp, -sy * sp, -cp])
    c, s = math.cos(roll), math.sin(roll)
    pose = np.eye(4)
    pose[:3, :3] = [c * right + s * down, c * down - s * right, ahead]
    pose[:3, 3] = -pose[:3, :3] @ np.array(place)
    return pose


def intrinsics_of(focal, centre, size) -> np.ndarray:
    """Intrinsics (3, 3) in pixels for an image of size (H, W)."""
    height, width = size
    return np.array(
        [
            [focal * width, 0.0, width * (0.5 + centre[0])],
            [0.0, focal * width, height / 2 + width * centre[1]],
            [0.0, 0.0, 1.0],
        ]
    )
