"""What a laser scanner or a pair of cameras would have measured."""

import numpy as np

from depthlib.data.synthetic.parts import Draw
from depthlib.data.synthetic.photo import patches

# The scanner of KITTI, in degrees: 64 lines, a third of a degree apart in
# the upper half and half a degree below; a step of the turning head.
TOP, MIDDLE, FOOT = 3.0, -8.33, -24.8
UPPER, LOWER, TURN = 1 / 3, 1 / 2, 0.173
KITTI_FOCAL = 721.5
# The stereo cameras of Cityscapes: metres apart, and pixels of focal length.
BASELINE, STEREO_FOCAL = 0.209, 2262.0
STEP = 0.125  # of disparity, in pixels at that focal length


def lidar(draw, depth, known, matrix, albedo, gloss) -> np.ndarray:
    """Keeps the depth where a laser scanner has a return; 0 elsewhere.

    The scanner shares the camera's centre. Its lines have fixed elevations,
    so that in the image they curve a little; above the highest there is
    nothing. Where a pixel is wider than KITTI's, the scanner's steps are
    wider by the same factor: the share of pixels stays, the number of lines
    shrinks. Dark, shiny and far surfaces drop out in patches.

    Args:
        draw: the random stream.
        depth: (H, W) true depth in metres.
        known: (H, W) bool, where there is a surface in range.
        matrix: (3, 3) intrinsics in pixels.
        albedo: (H, W) how much light the surface returns, in [0, 1].
        gloss: (H, W) how shiny it is.
    """
    height, width = depth.shape
    seen = beams(draw, matrix, depth.shape)
    doubt = 0.45 * np.clip(gloss, 0, 1)
    doubt = doubt + 0.6 * np.clip(1 - albedo / 0.1, 0, 1)
    doubt = doubt + 0.9 * np.clip((depth - 35) / 60, 0, 1)
    blotches = patches(draw, height, width)
    lost = (blotches + doubt > 1.1) | (draw.field(height, width) > 1.5)
    return np.where(known & seen & ~lost, depth, 0).astype(np.float32)


def beams(draw: Draw, matrix, size) -> np.ndarray:
    """(H, W) bool: pixels that a beam of the scanner passes through."""
    wider = KITTI_FOCAL / matrix[0, 0]
    top = TOP + draw.normal(0, 0.3)
    upper = np.arange(
        top - wider * UPPER * draw.uniform(0, 1), MIDDLE, -wider * UPPER
    )
    start = upper[-1] if len(upper) else MIDDLE
    lower = np.arange(start - wider * LOWER, FOOT, -wider * LOWER)
    rise = np.radians(np.concatenate([upper, lower]))[:, None]
    turn = wider * TURN
    azimuth = np.arange(-60 + turn * draw.uniform(0, 1), 60, turn)
    azimuth = np.radians(azimuth)[None]
    u = matrix[0, 0] * np.tan(azimuth) + matrix[0, 2] + 0 * rise
    v = matrix[1, 2] - matrix[1, 1] * np.tan(rise) / np.cos(azimuth)
    inside = (u >= 0) & (u < size[1]) & (v >= 0) & (v < size[0])
    seen = np.zeros(size, bool)
    seen[v[inside].astype(int), u[inside].astype(int)] = True
    return seen


def stereo(draw, depth, known, matrix, grey) -> np.ndarray:
    """Depth from the disparity of two cameras; 0 where there is none.

    The second camera stands 20.9 cm to the right: what lies just left of a
    near outline is hidden from it, and so is the image's left rim.
    Disparity comes in steps of 1/8 pixel of a 2048 pixels wide image.

    Args:
        draw: the random stream.
        depth: (H, W) true depth in metres.
        known: (H, W) bool, where there is a surface in range.
        matrix: (3, 3) intrinsics in pixels.
        grey: (H, W) the photograph's brightness in [0, 1].
    """
    height, width = depth.shape
    u = np.arange(width) + 0.5
    other = u - matrix[0, 0] * BASELINE / depth
    nearest = np.minimum.accumulate(other[:, ::-1], axis=1)[:, ::-1]
    hidden = other < 0
    hidden[:, :-1] |= other[:, :-1] >= nearest[:, 1:]
    blotches = patches(draw, height, width)
    doubt = 0.5 * np.clip(1 - grey / 0.08, 0, 1) + 0.5 * (grey > 0.97)
    lost = hidden | (blotches + doubt > 1.15)
    disparity = BASELINE * STEREO_FOCAL / depth
    disparity = disparity + 0.12 * draw.field(height, width)
    steps = np.maximum(np.rint(disparity / STEP), 1)
    measured = BASELINE * STEREO_FOCAL / (steps * STEP)
    return np.where(known & ~lost, measured, 0).astype(np.float32)
