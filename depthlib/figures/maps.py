"""From tensors to what is drawn: depth maps, photographs, signed errors."""

import numpy as np


def as_map(depth, name: str = "depth") -> np.ndarray:
    """A depth map as (H, W) float64 with NaN where unknown.

    Args:
        depth: tensor or array (H, W), (1, H, W) or (1, 1, H, W) in metres;
            values that are not finite or not above 0 are unknown.
        name: for the message.

    Raises:
        ValueError: another shape.
    """
    values = _array(depth)
    given = values.shape
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2:
        raise ValueError(
            f"{name} has shape {given}; give one map (H, W) or (1, H, W), "
            "and several maps as a list"
        )
    values = values.astype(np.float64)
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def as_maps(depths, name: str = "depths") -> list[np.ndarray]:
    """Several maps of one size, from a list, a batch or a single map."""
    maps = [as_map(depth, name) for depth in several(depths)]
    sizes = sorted({values.shape for values in maps})
    if len(sizes) != 1:
        raise ValueError(
            f"{name} holds maps of the sizes {sizes}; give at least one map, "
            "all of one size"
        )
    return maps


def as_picture(image) -> np.ndarray:
    """An image as (H, W, 3) in [0, 1].

    Args:
        image: tensor or array (3, H, W), (1, 3, H, W) or (H, W, 3), floats in
            [0, 1] or uint8.

    Raises:
        ValueError: another shape.
    """
    values = _array(image)
    given = values.shape
    if values.ndim == 4 and values.shape[0] == 1:
        values = values[0]
    if values.ndim == 3 and values.shape[0] == 3 and values.shape[2] != 3:
        values = values.transpose(1, 2, 0)
    if values.ndim != 3 or values.shape[2] != 3:
        raise ValueError(
            f"image has shape {given}; give (3, H, W) or (H, W, 3)"
        )
    scale = 255.0 if values.dtype == np.uint8 else 1.0
    return np.clip(values.astype(np.float64) / scale, 0.0, 1.0)


def several(items) -> list:
    """A list stays one, a batch (B, ...) is taken apart, one map is one."""
    if isinstance(items, list | tuple):
        return list(items)
    if getattr(items, "ndim", 0) == 4:
        return list(items)
    return [items]


def error_map(prediction, target, kind: str = "metres") -> np.ndarray:
    """Signed error (H, W), NaN where prediction or target is unknown.

    Args:
        prediction, target: as in `as_map`, of one size.
        kind: "metres" for prediction - target, "log_ratio" for
            log2(prediction / target), where 1 means twice as far.

    Raises:
        ValueError: sizes that differ, or another ``kind``.
    """
    prediction = as_map(prediction, "prediction")
    target = as_map(target, "target")
    if prediction.shape != target.shape:
        raise ValueError(
            f"prediction has size {prediction.shape} and target "
            f"{target.shape}; resize one to the other first"
        )
    if kind == "metres":
        return prediction - target
    if kind == "log_ratio":
        return np.log2(prediction / target)
    raise ValueError(f"kind is {kind!r}; choose 'metres' or 'log_ratio'")


def error_limit(errors) -> float:
    """End of a scale around zero that holds 98 % of the errors."""
    known = np.concatenate([np.abs(e[np.isfinite(e)]) for e in errors])
    if known.size == 0:
        return 1.0
    return float(max(np.percentile(known, 98), 1e-6))


def depth_limits(maps) -> tuple[float, float]:
    """The nearest and the farthest known depth of several maps, metres."""
    known = np.concatenate([m[np.isfinite(m)] for m in maps])
    if known.size == 0:
        raise ValueError(
            "no depth is known in these maps: all values are 0, negative or "
            "not finite; check the unit and the mask"
        )
    low, high = float(known.min()), float(known.max())
    return low, high if high > low else low + 1e-3


def _array(values) -> np.ndarray:
    """A tensor (on any device, with or without gradient) or array."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values)
