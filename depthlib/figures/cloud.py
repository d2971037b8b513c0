"""A point cloud that turns under the finger, offline."""

import base64
import html
import json
from importlib.resources import files

import numpy as np

from depthlib.figures.maps import as_map, as_picture
from depthlib.figures.page import Html, caption_html, check_alt

MAX_POINTS = 6000
# A sideways drag turns the cloud, a downward one scrolls the page.
_CANVAS = "display:block;width:100%;touch-action:pan-y;"


def point_cloud(
    image,
    depth,
    intrinsics,
    *,
    alt: str = "Point cloud of the scene",
    caption=None,
    max_points: int = MAX_POINTS,
) -> Html:
    """Colour image and depth as points in space, seen from the camera.

    Drag to turn, pinch to zoom; with the keyboard, arrows turn, + and -
    zoom, 0 goes back. The wheel zooms once the figure has the focus, so that
    it never takes the page's scrolling away.

    Args:
        image: (3, H, W), [0, 1].
        depth: (1, H, W) metres, 0 or NaN where unknown; or a dict of up to
            four names to depth maps, drawn side by side and turned together.
        intrinsics: (3, 3) in pixels, pixel (0, 0) centred at (0.5, 0.5).
        alt: text alternative.
        caption: under the figure; back-ticks mark code.
        max_points: per cloud; larger maps are thinned evenly.

    Returns:
        HTML with everything inlined, about 12 bytes a point.

    Raises:
        ValueError: shapes that do not fit, or no known depth.
    """
    clouds = depth if isinstance(depth, dict) else {"": depth}
    if not 1 <= len(clouds) <= 4:
        raise ValueError(f"depth holds {len(clouds)} maps; give one to four")
    alt = check_alt(alt)
    colours = as_picture(image)
    maps = {name: as_map(d, name or "depth") for name, d in clouds.items()}
    middle, reach = _view(maps, _lens(intrinsics))
    canvases = []
    for name, values in maps.items():
        data = pack(colours, values, intrinsics, middle, reach, max_points)
        label = f"{name}: {alt}" if name else alt
        title = f"<span>{html.escape(name)}</span>" if name else ""
        canvases.append(
            f'<div style="flex:1 1 16rem;min-width:0">{title}'
            f'<canvas role="img" tabindex="0" style="{_CANVAS}'
            f'aspect-ratio:{data["aspect"]}" '
            f'aria-label="{html.escape(label)}. Arrow keys turn it." '
            f"data-cloud='{json.dumps(data)}'>{html.escape(label)}</canvas>"
            "</div>"
        )
    script = files("depthlib.figures").joinpath("assets/cloud.js")
    markup = (
        '<figure class="dl-figure dl-cloud"><div class="dl-clouds" '
        'style="display:flex;flex-wrap:wrap;gap:.6rem;max-width:700px">'
        f"{''.join(canvases)}</div>"
        '<p class="dl-hint">Drag, or use the arrow keys, to turn; '
        "pinch or + and - to zoom; 0 to go back.</p>"
        f"{caption_html(caption)}</figure>"
        f"<script>{script.read_text(encoding='utf-8')}</script>"
    )
    text = f"[Point cloud: {alt}]" + (f"\n{caption}" if caption else "")
    return Html(markup, text)


def pack(image, depth, intrinsics, middle, reach, max_points) -> dict:
    """Quantised points for the page.

    Args:
        image: (H, W, 3) in [0, 1].
        depth: (H, W) metres, NaN unknown.
        intrinsics: (3, 3).
        middle: (3,) centre of the scene, metres.
        reach: half-extent of the cube that is stored, metres.
        max_points: upper bound.

    Returns:
        Plain values: ``xyz`` int16 and ``rgb`` uint8 in base64, where
        (xyz / 32767) * reach + middle are metres, x right, y down, z
        forward; ``size``, the side of a point at distance 1 m, in metres;
        ``middle``, ``reach``, ``aspect``, ``focal`` (in image widths) and
        ``centre``, the principal point as a share of width and height.
    """
    if image.shape[:2] != depth.shape:
        raise ValueError(
            f"image has size {image.shape[:2]} and depth {depth.shape}; "
            "resize one to the other first"
        )
    fx, fy, cx, cy = _lens(intrinsics)
    height, width = depth.shape
    step = max(1.0, (height * width / max_points) ** 0.5)
    rows = (np.arange(int(height / step)) + 0.5) * step
    columns = (np.arange(int(width / step)) + 0.5) * step
    v, u = np.meshgrid(rows.astype(int), columns.astype(int), indexing="ij")
    z = depth[v, u]
    known = np.isfinite(z)
    u, v, z = u[known], v[known], z[known]
    x = (u + 0.5 - cx) / fx * z
    y = (v + 0.5 - cy) / fy * z
    points = (np.stack([x, y, z], axis=1) - middle) / reach
    xyz = np.clip(np.round(points * 32767), -32767, 32767).astype("<i2")
    rgb = np.round(image[v, u] * 255).astype(np.uint8)
    return {
        "xyz": base64.b64encode(xyz.tobytes()).decode("ascii"),
        "rgb": base64.b64encode(rgb.tobytes()).decode("ascii"),
        "middle": [round(float(m), 4) for m in middle],
        "reach": round(float(reach), 4),
        "size": round(float(step / fx), 6),
        "focal": round(float(fx / width), 5),
        "aspect": round(width / height, 5),
        "centre": [round(float(cx / width), 5), round(float(cy / height), 5)],
    }


def _lens(intrinsics):
    """fx, fy, cx, cy of a (3, 3) or (1, 3, 3) camera matrix."""
    values = intrinsics
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    values = np.asarray(values, dtype=np.float64)
    if values.shape == (1, 3, 3):
        values = values[0]
    if values.shape != (3, 3) or values[0, 0] <= 0 or values[1, 1] <= 0:
        raise ValueError(
            f"intrinsics has shape {values.shape}; give one (3, 3) matrix in "
            "pixels with positive focal lengths"
        )
    return values[0, 0], values[1, 1], values[0, 2], values[1, 2]


def _view(maps, lens):
    """Centre of the scene and half-extent of the cube around it, metres.

    The centre is the point on the optical axis at the median depth of the
    first map; all clouds share it, so that they can be compared.
    """
    fx, fy, cx, cy = lens
    first = next(iter(maps.values()))
    if not np.isfinite(first).any():
        raise ValueError("depth has no known pixel; there is no cloud to draw")
    middle = np.array([0.0, 0.0, np.nanmedian(first)])
    height, width = first.shape
    slope = max(cx / fx, (width - cx) / fx, cy / fy, (height - cy) / fy, 1.0)
    far = max(float(np.nanmax(values)) for values in maps.values())
    return middle, far * slope + float(middle[2])
