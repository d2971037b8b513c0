"""From true depth to what an indoor depth camera says."""

import numpy as np

from depthlib.data.synthetic.parts import Draw
from depthlib.data.synthetic.photo import patches


def sense(
    draw: Draw,
    depth: np.ndarray,
    focal: float,
    gloss: np.ndarray,
    grey: np.ndarray,
    glass: np.ndarray,
) -> np.ndarray:
    """What a structured-light camera would report; 0 for no reading.

    The projector stands 7.5 cm beside the camera: a pixel behind the
    outline of something nearer gets no pattern. Depth comes from disparity
    in fixed steps, so that a step grows with the square of the distance
    (about 2.6 cm at 3 m). Dark, shiny, glass and far surfaces drop out in
    patches.

    Args:
        draw: the random stream.
        depth: (H, W) true depth in metres.
        focal: in pixels.
        gloss: (H, W) how shiny the surface is.
        grey: (H, W) the photograph's brightness in [0, 1].
        glass: (H, W) bool, window panes and lamps.
    """
    height, width = depth.shape
    u = np.arange(width) + 0.5
    seen = u + focal * 0.075 / depth
    ahead = np.maximum.accumulate(seen, axis=1)
    hidden = np.zeros(depth.shape, bool)
    hidden[:, 1:] = seen[:, 1:] <= ahead[:, :-1]
    blotches = patches(draw, height, width)
    doubt = 0.55 * np.clip(gloss, 0, 1) + 0.9 * glass
    doubt = doubt + 0.8 * np.clip(1 - grey / 0.12, 0, 1)
    doubt = doubt + np.clip((depth - 6.0) / 3.0, 0, 1)
    lost = hidden | (blotches + doubt > 1.25) | (blotches > 1.12)
    step = 2.85e-3
    noise = 0.3 * step * draw.field(height, width)
    inverse = np.maximum(np.rint((1 / depth + noise) / step), 1) * step
    return np.where(lost, 0, 1 / inverse).astype(np.float32)
