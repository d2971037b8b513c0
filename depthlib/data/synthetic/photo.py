"""From light to a photograph, and where a sensor fails."""

import io

import numpy as np
from PIL import Image

from depthlib.data.synthetic.parts import Draw


def develop(
    draw: Draw,
    light: np.ndarray,
    grain: Draw | None = None,
    *,
    level: float = 0.21,
    balance: tuple[float, float] = (0.3, 0.9),
) -> np.ndarray:
    """Linear light (H, W, 3) to an 8-bit photograph (H, W, 3).

    Automatic exposure and white balance (both imperfect), vignetting, photon
    and read-out noise, a film-like tone curve, and a real JPEG round trip. The
    noise comes from ``grain`` where another stream is given for it.

    Args:
        draw: the random stream.
        light: (H, W, 3).
        grain: another stream for the noise, or None.
        level: to which exposure brings the image's mean, apart from errors.
        balance: from and to of the share of a colour cast that is removed.
    """
    height, width, _ = light.shape
    grey = np.maximum(light @ np.array([0.2126, 0.7152, 0.0722]), 1e-4)
    key = float(np.exp(np.log(grey).mean()))
    light = light * (level * 2 ** draw.normal(0.0, 0.35) / key)
    mean = np.minimum(light, 2.0).mean((0, 1)) + 1e-4
    gains = (mean.mean() / mean) ** draw.uniform(*balance)
    gains *= np.exp([draw.normal(0, 0.03) for _ in range(3)])
    light = light * gains
    v = (np.arange(height) + 0.5 - height / 2)[:, None, None]
    u = (np.arange(width) + 0.5 - width / 2)[None, :, None]
    radius = (u**2 + v**2) / ((width / 2) ** 2 + (height / 2) ** 2)
    light = light * (1 - draw.uniform(0.0, 0.35) * radius)
    noise = np.exp(draw.uniform(np.log(1e-5), np.log(2.5e-4)))
    spread = np.sqrt(noise * (light + 0.01))
    light = np.maximum(
        light + spread * (grain or draw).field(height, width, 3), 0
    )
    return jpeg(tone(light), draw.integer(60, 95))


def tone(light: np.ndarray) -> np.ndarray:
    """A film-like curve (Narkowicz's fit), then the sRGB curve, to 8 bit."""
    x = np.minimum(light, 50.0)
    x = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    x = np.clip(x, 0, 1)
    x = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return np.rint(255 * x).astype(np.uint8)


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Writes an image (H, W, 3) uint8 as JPEG in memory and reads it back."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(
        buffer, format="JPEG", quality=quality, subsampling=0
    )
    buffer.seek(0)
    return np.array(Image.open(buffer).convert("RGB"))


def patches(draw, height, width):
    """Blotches in about [0, 1.2] of two sizes, finer noise on top."""
    total = np.zeros((height, width))
    for cells, weight in ((4, 0.3), (12, 0.25)):
        grid = draw.field(cells + 1, cells + 1)
        v = np.linspace(0, cells - 1e-6, height)
        u = np.linspace(0, cells - 1e-6, width)
        i, j = v.astype(int), u.astype(int)
        a, b = (v - i)[:, None], (u - j)[None, :]
        total += weight * (
            grid[i][:, j] * (1 - a) * (1 - b)
            + grid[i + 1][:, j] * a * (1 - b)
            + grid[i][:, j + 1] * (1 - a) * b
            + grid[i + 1][:, j + 1] * a * b
        )
    return 0.3 + total + 0.08 * draw.field(height, width)
