"""Units of stored depth: from the numbers in a file to metres."""

import re
from dataclasses import dataclass

import numpy as np

from depthlib.data.files import DataError

_NUMBER = r"[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?"
# "(v + 0.5) * 9.99547 / 255", its offset and its divisor optional.
_FORMULA = re.compile(
    rf"\(?v(?:\+(?P<offset>{_NUMBER}))?\)?"
    rf"\*(?P<factor>{_NUMBER})(?:/(?P<divisor>{_NUMBER}))?"
)


@dataclass(frozen=True)
class DepthUnit:
    """What one step of stored depth means: metres = (v + offset) * scale.

    Attributes:
        label: how a reader would call it, "mm" or the formula.
        scale: metres per step.
        offset: added to the stored number first; 1/2 puts a quantised
            value in the middle of its step. With an offset, 0 is a depth;
            without one, 0 means unknown.
    """

    label: str
    scale: float
    offset: float = 0.0

    @classmethod
    def of(cls, unit) -> "DepthUnit":
        """The unit that ``unit`` names.

        Args:
            unit: a ``DepthUnit``; "m", "cm" or "mm"; metres per step as a
                number; or a formula such as "(v + 0.5) * 9.99547 / 255".

        Raises:
            ValueError: it is none of these, or not above 0.
        """
        if isinstance(unit, DepthUnit):
            return unit
        if isinstance(unit, str) and unit in UNITS:
            return UNITS[unit]
        scale, offset, label = _parsed(unit)
        if scale is None or not (np.isfinite(scale) and scale > 0):
            raise ValueError(
                f'depth_unit is {unit!r}; give "m", "cm", "mm", metres per '
                'step such as 0.001, or a formula "(v + 0.5) * 10 / 255"'
            )
        return cls(label, scale, offset)

    def metres(self, stored: np.ndarray) -> np.ndarray:
        """Metres, float32, 0 where the depth is unknown.

        Unknown are NaN, infinity, negative numbers and, without an offset,
        0.
        """
        stored = np.asarray(stored)
        if stored.dtype in (np.uint8, np.uint16) and stored.size > 65536:
            # All numbers that may occur, once each, then looked up.
            levels = np.arange(np.iinfo(stored.dtype).max + 1)
            return self.metres(levels)[stored]
        known = np.isfinite(stored) & (stored >= 0)
        if self.offset == 0:
            known &= stored > 0
        values = np.where(known, stored, 0).astype(np.float64)
        depth = np.where(known, (values + self.offset) * self.scale, 0)
        return depth.astype(np.float32)


def _parsed(unit):
    """Scale, offset and label of a number or a formula; scale None if bad."""
    if isinstance(unit, bool):
        return None, 0.0, ""
    if isinstance(unit, int | float):
        return float(unit), 0.0, f"{unit:g} m"
    text = str(unit).replace(" ", "")
    if re.fullmatch(_NUMBER, text):
        return float(text), 0.0, f"{float(text):g} m"
    found = _FORMULA.fullmatch(text)
    if not found or text.count("(") != text.count(")"):
        return None, 0.0, ""
    divisor = float(found["divisor"] or 1)
    if divisor == 0:
        return None, 0.0, ""
    scale = float(found["factor"]) / divisor
    return scale, float(found["offset"] or 0), str(unit).strip()


UNITS = {
    "m": DepthUnit("m", 1.0),
    "cm": DepthUnit("cm", 0.01),
    "mm": DepthUnit("mm", 0.001),
}
# What depth files hold in practice, for naming a mistake.
_USUAL = (
    ("metres", 1.0),
    ("millimetres", 1e-3),
    ("centimetres", 1e-2),
    ("1/256 metres (as KITTI stores them)", 1 / 256),
    ("1/5000 metres (as TUM stores them)", 1 / 5000),
)
_NAMES = {1.0: "metres", 0.01: "centimetres", 0.001: "millimetres"}
# Plausible medians over a sample of pictures, metres.
SCENES = {"indoor": (0.8, 7.0), "outdoor": (3.0, 60.0), "any": (0.3, 60.0)}


def implausible(
    median: float, unit: DepthUnit, scene="any", dtype=None, bounds=None
) -> str | None:
    """Why depths of this median look wrong; None if they look right.

    Args:
        median: over known pixels of a sample of maps, metres.
        unit: with which they were read.
        scene: "indoor", "outdoor" or "any".
        dtype: of the stored numbers; 8 bit cannot hold millimetres.
        bounds: least and largest median to accept; None takes those of the
            scene. One map may differ from its scene more than a sample.

    Returns:
        Half a sentence that names the likely mistake.
    """
    low, high = bounds or SCENES[scene]
    if low <= median <= high:
        return None
    stored = median / unit.scale - unit.offset
    said = _NAMES.get(unit.scale, f"steps of {unit.scale:.4g} m")
    start = (
        f"the median depth is {median:.4g} m, outside the plausible "
        f"{low:g} to {high:g} m"
    )
    if dtype is not None and np.dtype(dtype) == np.uint8:
        return (
            f"{start}; it looks like 8-bit levels read as {said}: state the "
            'scale they were stored with, such as "v * 10 / 255"'
        )
    low, high = SCENES[scene]
    fits = {
        name: stored * scale
        for name, scale in _USUAL
        if scale != unit.scale and low <= stored * scale <= high
    }
    if not fits:
        return f"{start}; state the unit of the stored numbers"
    # Of several the one that is farthest from the ends, as a ratio.
    name = min(fits, key=lambda n: max(fits[n] / low, high / fits[n]))
    return f"{start}; it looks like {name} read as {said}"


def read_unit(path) -> DepthUnit:
    """The unit that a one-line text file states.

    Raises:
        DataError: the file states none.
    """
    try:
        return DepthUnit.of(path.read_text().strip())
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(f"{path} states no depth unit: {error}") from error
