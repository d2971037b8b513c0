"""Standing a camera in a furnished room."""

import math

import numpy as np

from depthlib.data.synthetic.camera import intrinsics_of, look_from
from depthlib.kernels.render import render

# How a camera is held: mean and spread, or range (radians, metres, shares of
# the image's width).
PITCH, ROLL, YAW = (0.17, 0.055), (0.0, 0.02), (0.0, 0.2)
HEIGHT, FOCAL = (1.35, 1.6), (0.78, 0.85)
LOOK_THROUGH = (24, 32)  # size of the images that tries are judged by


def stand_camera(draw, shell, scene, target: float, tolerance: float):
    """A handheld camera: the best of some tries, or None.

    A try is good if its mean depth comes near ``target`` and if it sees
    furniture, not bare walls; None if all are worse than the tolerance.
    """
    best, best_gap = None, tolerance
    for _ in range(16):
        view = _try_camera(draw, shell)
        if view is None:
            continue
        pose, focal, centre = view
        matrix = intrinsics_of(focal, centre, LOOK_THROUGH)
        seen = render(scene, pose, matrix, LOOK_THROUGH)
        depth = seen.depth.numpy()[0]
        if depth.min() < 0.5 or depth.max() > 9.9:
            continue
        if (depth < 0.9).mean() > 0.06 or np.ptp(depth) < 0.8:
            continue
        pieces, area = np.unique(
            scene.group[seen.ids.numpy()], return_counts=True
        )
        pieces, area = pieces[area > 2], area[area > 2] / depth.size
        loose = pieces >= shell.empty
        gap = abs(math.log(float(depth.mean()) / target))
        gap += 0.1 * max(0, 5 - int(loose.sum()))
        gap += 0.8 * max(0.0, 0.28 - float(area[loose].sum()))
        if gap < best_gap:
            best, best_gap = view, gap
        if gap < 0.06:
            break
    return best


def _try_camera(draw, shell):
    x0, y0, x1, y1 = shell.spaces[0]
    x, y = draw.uniform(x0 + 0.2, x1 - 0.2), draw.uniform(y0 + 0.2, y1 - 0.2)
    if draw.chance(0.5):  # people stand back to take a picture
        away = draw.uniform(0.15, 0.5)
        if draw.chance(0.5):
            x = draw.pick((x0 + away, x1 - away))
        else:
            y = draw.pick((y0 + away, y1 - away))
    z = draw.uniform(*HEIGHT)
    pitch = draw.normal(*PITCH)
    roll = draw.normal(*ROLL)
    focal = draw.uniform(*FOCAL)
    centre = (draw.normal(0, 0.008), draw.normal(0, 0.008))
    goal = draw.uniform(x0, x1), draw.uniform(y0, y1)
    if draw.chance(0.65) and shell.blocks:
        a0, b0, a1, b1, _ = draw.pick(shell.blocks)
        goal = (a0 + a1) / 2, (b0 + b1) / 2
    yaw = math.atan2(goal[1] - y, goal[0] - x) + draw.normal(*YAW)
    for a0, b0, a1, b1, top in shell.blocks:
        beside = a0 - 0.3 < x < a1 + 0.3 and b0 - 0.3 < y < b1 + 0.3
        if beside and top > z - 0.45:
            return None
    return look_from((x, y, z), yaw, pitch, roll), focal, centre
