"""The pinhole camera: rays, points, poses, normals and depth intervals.

Camera coordinates have x to the right, y down and z along the optical axis;
depth is z, not the length of the ray. Pixel (0, 0) has its centre at
(0.5, 0.5), so an image of width W spans [0, W] and resizing by a factor
multiplies the intrinsics by that factor, without an offset. Intrinsics are
upper triangular, ``[[fx, s, cx], [0, fy, cy], [0, 0, 1]]``.

Everything is differentiable and keeps dtype and device of its input. What
should be a tensor and is none raises a TypeError; maps and cameras that are
neither float32 nor float64 raise a ValueError, for half precision cannot tell
the pixels of an image apart.
"""

import math
from numbers import Integral

import torch
from torch import Tensor

from depthlib.checks import check_precision, check_tensors

__all__ = [
    "crop_intrinsics",
    "normals",
    "pose_matrix",
    "project",
    "scale_intrinsics",
    "sid_thresholds",
    "unproject",
]


def pose_matrix(vec6: Tensor) -> Tensor:
    """Rigid motion from six numbers (rx, ry, rz, tx, ty, tz).

    ``R = Rz(rz) Ry(ry) Rx(rx)``: first about x, then y, then z, each by the
    right-hand rule. The result maps source-camera to target-camera
    coordinates, ``X_t = R X_s + t``.

    Args:
        vec6: ``(B, 6)`` or ``(6,)``; angles in radians, shifts in metres.

    Returns:
        ``(B, 4, 4)`` or ``(4, 4)``.

    Raises:
        ValueError: the last dimension is not 6.

    Example:
        A quarter turn about z takes the x axis to the y axis:

        >>> turn = torch.tensor([0.0, 0.0, math.pi / 2, 0.0, 0.0, 0.0])
        >>> x_axis = torch.tensor([1.0, 0.0, 0.0, 1.0])
        >>> (pose_matrix(turn) @ x_axis).round().tolist()
        [-0.0, 1.0, 0.0, 1.0]
    """
    check_tensors(vec6=vec6)
    if vec6.ndim == 0 or vec6.shape[-1] != 6:
        raise ValueError(
            f"vec6 has shape {tuple(vec6.shape)}; expected (B, 6) or (6,): "
            "three angles in radians, then three shifts in metres"
        )
    (sx, sy, sz), (cx, cy, cz) = (
        f(vec6[..., :3]).unbind(-1) for f in (torch.sin, torch.cos)
    )
    tx, ty, tz = vec6[..., 3:].unbind(-1)
    zero, one = torch.zeros_like(tx), torch.ones_like(tx)
    # The product Rz Ry Rx, written out.
    rows = (
        (cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx, tx),
        (sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx, ty),
        (-sy, cy * sx, cy * cx, tz),
        (zero, zero, zero, one),
    )
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def unproject(depth: Tensor, intrinsics: Tensor) -> Tensor:
    """The 3-D point that each pixel sees, ``X = depth K^-1 (u, v, 1)``.

    Args:
        depth: ``(B, 1, H, W)``, metres along the optical axis.
        intrinsics: ``(B, 3, 3)`` or ``(3, 3)``, pixels.

    Returns:
        ``(B, 3, H, W)``, metres.

    Raises:
        ValueError: a shape or camera is wrong, or depth is neither float32
            nor float64.

    Example:
        The pixel in the middle of a 2 x 2 image looks straight ahead, half a
        pixel off the axis:

        >>> K = torch.tensor([[1.0, 0, 1], [0, 1, 1], [0, 0, 1]])
        >>> unproject(torch.full((1, 1, 2, 2), 4.0), K)[0, :, 0, 0].tolist()
        [-2.0, -2.0, 4.0]
    """
    check_tensors(depth=depth)
    if depth.ndim != 4 or depth.shape[1] != 1:
        raise ValueError(
            f"depth has shape {tuple(depth.shape)}; expected (B, 1, H, W)"
        )
    check_precision(depth=depth)
    fx, fy, skew, cx, cy = _pinhole(intrinsics, depth)
    height, width = depth.shape[-2:]
    options = {"dtype": depth.dtype, "device": depth.device}
    u = torch.arange(width, **options) + 0.5
    v = (torch.arange(height, **options) + 0.5).unsqueeze(-1)
    y = ((v - cy) / fy).expand(-1, height, width)
    x = (u - cx - skew * y) / fx
    rays = torch.stack([x, y, torch.ones_like(x)], dim=1)
    return depth * rays


def project(points: Tensor, intrinsics: Tensor) -> tuple[Tensor, Tensor]:
    """Where points appear in the image, and how far away they are.

    Where ``z <= 0`` the point is not in front of the camera and its pixel
    means nothing: ask ``z > 0`` before using it. At ``z = 0`` the division
    is skipped, so that such points never put NaN into a gradient.

    Args:
        points: ``(B, 3, H, W)``, metres in camera coordinates.
        intrinsics: ``(B, 3, 3)`` or ``(3, 3)``, pixels.

    Returns:
        ``(pixels, z)``: ``(B, 2, H, W)`` as (u, v) with the centre of pixel
        (0, 0) at (0.5, 0.5), and the depth ``(B, 1, H, W)``.

    Raises:
        ValueError: a shape or camera is wrong, or points are neither float32
            nor float64.

    Example:
        >>> K = torch.tensor([[2.0, 0, 1], [0, 2, 1], [0, 0, 1]])
        >>> point = torch.tensor([3.0, 0.0, 6.0]).view(1, 3, 1, 1)
        >>> pixels, z = project(point, K)
        >>> pixels.flatten().tolist(), z.item()
        ([2.0, 1.0], 6.0)
    """
    check_tensors(points=points)
    if points.ndim != 4 or points.shape[1] != 3:
        raise ValueError(
            f"points has shape {tuple(points.shape)}; expected (B, 3, H, W)"
        )
    check_precision(points=points)
    fx, fy, skew, cx, cy = _pinhole(intrinsics, points)
    z = points[:, 2]
    safe = torch.where(z == 0, torch.ones_like(z), z)
    x, y = points[:, 0] / safe, points[:, 1] / safe
    pixels = torch.stack([fx * x + skew * y + cx, fy * y + cy], dim=1)
    return pixels, z.unsqueeze(1)


def normals(depth: Tensor, intrinsics: Tensor) -> Tensor:
    """Unit surface normals, turned towards the camera.

    The cross product of the two tangents of the unprojected surface, by
    central differences inside and one-sided ones at the border; exact on
    planes. Where the tangents span no plane, as inside a region of depth 0,
    the normal is the zero vector. A hole of one pixel is not noticed: it gets
    the normal of its neighbours, and theirs, whose tangents end in it, are
    tilted. Leave out the 3 x 3 pixels around holes, as ``normal_error`` does.

    Args:
        depth: ``(B, 1, H, W)``, metres, at least 2 x 2 pixels.
        intrinsics: ``(B, 3, 3)`` or ``(3, 3)``, pixels.

    Returns:
        ``(B, 3, H, W)`` of length 1 (or 0).

    Raises:
        ValueError: a shape is wrong, the map is smaller than 2 x 2, or depth
            is neither float32 nor float64.

    Example:
        A wall that faces the camera looks back along the optical axis:

        >>> K = torch.tensor([[50.0, 0, 4], [0, 50, 3], [0, 0, 1]])
        >>> wall = normals(torch.full((1, 1, 6, 8), 2.0), K)
        >>> wall[0, :, 3, 4].abs().tolist(), wall[0, 2, 3, 4].item()
        ([0.0, 0.0, 1.0], -1.0)
    """
    points = unproject(depth, intrinsics)
    if min(depth.shape[-2:]) < 2:
        raise ValueError(
            f"depth is {depth.shape[-2]} x {depth.shape[-1]} pixels; a "
            "normal needs at least 2 x 2"
        )
    down = _difference(points, -2)
    right = _difference(points, -1)
    normal = _cross(down, right)
    # A ray hits the front of a surface, so normal and ray oppose.
    away = (normal * points).sum(1, keepdim=True) > 0
    normal = torch.where(away, -normal, normal)
    # Not normalize(): its fixed epsilon is large against the squared
    # millimetres that a cross product of neighbouring pixels measures.
    length = normal.square().sum(1, keepdim=True)
    flat = length == 0
    return normal * torch.where(flat, torch.ones_like(length), length).rsqrt()


def sid_thresholds(
    bins: int,
    alpha: float,
    beta: float,
    shift: float = 0.0,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Edges of depth intervals that grow with depth (DORN, Fu et al. 2018).

    ``t_i = exp(ln a + i ln(b / a) / bins) - shift`` for i = 0..bins, with
    ``a = alpha + shift`` and ``b = beta + shift``. The shift is taken off
    again, so the edges are metres and run from alpha to beta exactly: level
    l is ``t[l] <= depth < t[l + 1]``, and its middle is the mean of the two.
    DORN chooses the shift that makes ``a`` equal 1.

    Args:
        bins: number of intervals.
        alpha: nearest depth, metres; ``alpha + shift`` must be above 0.
        beta: farthest depth, metres, above alpha.
        shift: metres added before taking the logarithm.
        dtype: of the result; the formula runs in double precision.
        device: of the result.

    Returns:
        ``(bins + 1,)``, metres, increasing.

    Raises:
        ValueError: bins is no whole number of at least 1, the range has no
            logarithm, or it is too narrow for so many edges of that type.

    Example:
        >>> sid_thresholds(3, 1.0, 8.0).tolist()
        [1.0, 2.0, 4.0, 8.0]
    """
    if not isinstance(bins, Integral) or bins < 1:
        raise ValueError(
            f"bins is {bins!r}; expected a whole number of at least 1"
        )
    if not 0 < alpha + shift < beta + shift < math.inf:
        raise ValueError(
            f"alpha {alpha}, beta {beta} and shift {shift} do not satisfy "
            "0 < alpha + shift < beta + shift < infinity; choose a larger "
            "shift or another beta"
        )
    start, stop = math.log(alpha + shift), math.log(beta + shift)
    # On the CPU first: a meta tensor has no numbers to look at.
    steps = torch.linspace(
        start, stop, bins + 1, dtype=torch.float64, device="cpu"
    )
    edges = steps.exp() - shift
    edges[0], edges[-1] = alpha, beta
    edges = edges.to(dtype)
    if not (edges.diff() > 0).all():
        raise ValueError(
            f"{bins} bins from {alpha} m to {beta} m are narrower than "
            f"{dtype} can tell; take fewer bins or dtype torch.float64"
        )
    return edges.to(device or torch.get_default_device())


def scale_intrinsics(
    intrinsics: Tensor, old_size: tuple[int, int], new_size: tuple[int, int]
) -> Tensor:
    """Intrinsics of the same camera after its image is resized.

    Args:
        intrinsics: ``(B, 3, 3)`` or ``(3, 3)``, pixels of the old image.
        old_size: (height, width) before.
        new_size: (height, width) after.

    Returns:
        A new tensor of the same shape, pixels of the new image.

    Example:
        >>> K = torch.tensor([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
        >>> scale_intrinsics(K, (480, 640), (120, 160)).tolist()[0]
        [125.0, 0.0, 80.0]
    """
    _check_intrinsics(intrinsics)
    check_precision(intrinsics=intrinsics)
    if min(*old_size, *new_size) <= 0:
        raise ValueError(
            f"old_size {old_size} and new_size {new_size} are (height, "
            "width) in pixels and must be above 0"
        )
    factors = intrinsics.new_tensor(
        [new_size[1] / old_size[1], new_size[0] / old_size[0], 1.0]
    )
    return intrinsics * factors.unsqueeze(-1)


def crop_intrinsics(intrinsics: Tensor, top: float, left: float) -> Tensor:
    """Intrinsics of the same camera after its image is cropped.

    Args:
        intrinsics: ``(B, 3, 3)`` or ``(3, 3)``, pixels of the full image.
        top: rows removed above (negative: rows added).
        left: columns removed on the left (negative: columns added).

    Returns:
        A new tensor of the same shape, pixels of the cropped image.

    Example:
        >>> K = torch.tensor([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
        >>> crop_intrinsics(K, top=20, left=24)[:2, 2].tolist()
        [296.0, 220.0]
    """
    _check_intrinsics(intrinsics)
    check_precision(intrinsics=intrinsics)
    shifted = intrinsics.clone()
    shifted[..., 0, 2] -= left
    shifted[..., 1, 2] -= top
    return shifted


def _check_intrinsics(intrinsics: Tensor) -> None:
    check_tensors(intrinsics=intrinsics)
    if intrinsics.ndim not in (2, 3) or intrinsics.shape[-2:] != (3, 3):
        raise ValueError(
            f"intrinsics has shape {tuple(intrinsics.shape)}; expected "
            "(B, 3, 3) or (3, 3)"
        )
    # Only here: reading a value off an accelerator would wait for it.
    if intrinsics.device.type != "cpu":
        return
    below = intrinsics.detach().float().reshape(-1, 9)[:, [3, 6, 7, 8]]
    if ((below - torch.tensor([0.0, 0.0, 0.0, 1.0])).abs() > 1e-4).any():
        raise ValueError(
            "intrinsics are no [[fx, s, cx], [0, fy, cy], [0, 0, 1]]: an "
            "entry below the diagonal is not 0, or the last one is not 1 "
            "(were they transposed?)"
        )


def _pinhole(intrinsics: Tensor, like: Tensor) -> tuple[Tensor, ...]:
    """fx, fy, skew, cx, cy, each ``(B or 1, 1, 1)``, in like's dtype."""
    _check_intrinsics(intrinsics)
    matrix = intrinsics.to(like).reshape(-1, 3, 3)
    if len(matrix) not in (1, len(like)):
        raise ValueError(
            f"intrinsics holds {len(matrix)} cameras for a batch of "
            f"{len(like)}; expected one for each image or one for all"
        )
    entries = ((0, 0), (1, 1), (0, 1), (0, 2), (1, 2))
    return tuple(matrix[:, i, j].view(-1, 1, 1) for i, j in entries)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    """Cross product over dimension 1; ten times faster than torch's."""
    ax, ay, az = a.unbind(1)
    bx, by, bz = b.unbind(1)
    return torch.stack(
        [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], dim=1
    )


def _difference(points: Tensor, dim: int) -> Tensor:
    """Tangent along one image axis; its length does not matter here."""
    n = points.shape[dim]
    ahead = torch.cat(
        [points.narrow(dim, 1, n - 1), points.narrow(dim, n - 1, 1)], dim
    )
    behind = torch.cat(
        [points.narrow(dim, 0, 1), points.narrow(dim, 0, n - 1)], dim
    )
    return ahead - behind
