"""Printed rows that no set of predictions can have produced."""

import math

from depthlib.published.files import read

# As permissive as the data sets allow, so that what fails fails for sure.
RANGES = {"NYUv2": (0.3, 10.0), "KITTI": (0.5, 80.0), "Make3D": (0.5, 82.0)}
CRITERIA = {"Make3D": ("c1_", "c2_")}


def half_unit(printed: str) -> float:
    """Half a unit of the last printed digit: what rounding may hide.

    Example:
        >>> half_unit("0.4871"), half_unit("44.7%")
        (5e-05, 0.0005)
    """
    number = printed.rstrip("%")
    digits = len(number.partition(".")[2])
    scale = 0.01 if printed.endswith("%") else 1.0
    return float(f"{scale * 0.5 * 10.0**-digits:.6g}")


def least_abs_rel(log10: float, rmse_log: float) -> float:
    """Smallest abs_rel that pooled log errors of these moments allow.

    An error of a in the natural logarithm costs at least 1 - exp(-a), if it
    is an under-estimate. Among all distributions of a with mean
    m = ln(10) log10 and mean square S^2 that cost is least when every pixel
    is either right or off by S^2 / m, because the third derivative of
    1 - exp(-a) is positive: m^2 / S^2 (1 - exp(-S^2 / m)). This is the
    sharp form of bound B5p, m - S^2 / 2.
    """
    mean = math.log(10) * log10
    ratio = rmse_log**2 / mean
    return mean / ratio * -math.expm1(-ratio)


def audit():
    """Rows of ``tables()`` that break a bound, with the bound they break.

    Each bound ties metrics of one row together (``metrics.check_bounds``)
    and counts as broken only if no values that round to the printed ones
    satisfy it.

    Returns:
        DataFrame: id, paper, method, criterion (of Make3D), averaging
        (``"any"`` where no averaging can give the row, ``"pixel"`` where
        only pooling all pixels cannot), bound, statement, left, right.
    """
    import pandas as pd

    columns = ["id", "paper", "method", "criterion", "averaging"]
    columns += ["bound", "statement", "left", "right"]
    found = [
        line
        for entry in read("tables.yaml")["rows"]
        if entry["kind"] == "scores"
        for prefix in CRITERIA.get(entry["dataset"], ("",))
        for line in _broken(entry, prefix)
    ]
    return pd.DataFrame(found, columns=columns)


def impossible() -> set[str]:
    """Ids of the rows that are impossible under any averaging."""
    table = audit()
    return set(table.loc[table["averaging"] == "any", "id"])


def _broken(entry: dict, prefix: str):
    """The bounds that one row, or one criterion of it, breaks."""
    from depthlib.metrics import check_bounds

    row = _stripped(entry["metrics"], prefix)
    halves = _stripped(entry["printed"], prefix)
    halves = {k: half_unit(v) for k, v in halves.items() if v != "-"}
    limits = {}
    if entry["dataset"] in RANGES:
        low, high = RANGES[entry["dataset"]]
        limits = {"min_depth": low, "max_depth": high}
    seen = set()
    yield from _sharp(entry, prefix, row, halves)
    for averaging, name in (("image", "any"), ("pixel", "pixel")):
        for bound in check_bounds(row, averaging, half_unit=halves, **limits):
            if bound.statement in seen:
                continue
            seen.add(bound.statement)
            yield _line(
                entry,
                prefix,
                name,
                bound.name,
                bound.statement,
                bound.left,
                bound.right,
            )


def _sharp(entry, prefix, row, halves):
    """The sharp form of B5p, for pooled pixels."""
    names = ("abs_rel", "log10", "rmse_log")
    if any(row.get(name) is None for name in names):
        return
    low = least_abs_rel(
        row["log10"] - halves["log10"], row["rmse_log"] + halves["rmse_log"]
    )
    if low > row["abs_rel"] + halves["abs_rel"]:
        least = least_abs_rel(row["log10"], row["rmse_log"])
        text = "m^2 / S^2 (1 - exp(-S^2 / m)) <= abs_rel"
        yield _line(entry, prefix, "pixel", "B5s", text, least, row["abs_rel"])


def _line(entry, prefix, averaging, bound, statement, left, right) -> dict:
    return {
        "id": entry["id"],
        "paper": entry["paper"],
        "method": entry["method"],
        "criterion": prefix.rstrip("_"),
        "averaging": averaging,
        "bound": bound,
        "statement": statement,
        "left": left,
        "right": right,
    }


def _stripped(values: dict, prefix: str) -> dict:
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }
