"""The papers' tables, one row per printed line."""

from depthlib.published.files import read


def papers() -> dict[str, dict]:
    """Title, authors, year and claim prefix of each paper, by its key."""
    return {
        key: dict(value)
        for key, value in read("tables.yaml")["papers"].items()
    }


def row(name: str) -> dict:
    """One row by its id, e.g. ``"C18-T3-R10"``.

    Raises:
        ValueError: there is no such row.
    """
    for entry in read("tables.yaml")["rows"]:
        if entry["id"] == name:
            return entry
    raise ValueError(
        f"row is {name!r}; ids look like C18-T3-R10 and are listed by "
        "depthlib.published.tables()"
    )


def tables(paper: str | None = None, table: int | None = None):
    """Every printed row as a table.

    Args:
        paper: keep one paper, e.g. ``"D318"``.
        table: keep one table of it.

    Returns:
        DataFrame; one column per metric (NaN where the print has a dash),
        ``printed`` keeps the characters on the page as a dict.
    """
    import pandas as pd

    rows = [
        {k: v for k, v in entry.items() if k != "metrics"}
        | entry.get("metrics", {})
        for entry in read("tables.yaml")["rows"]
    ]
    frame = pd.DataFrame(rows)
    if paper is not None:
        if paper not in set(frame["paper"]):
            raise ValueError(
                f"paper is {paper!r}; choose one of "
                f"{', '.join(sorted(set(frame['paper'])))}"
            )
        frame = frame[frame["paper"] == paper]
    if table is not None:
        frame = frame[frame["table"] == table]
    return frame.dropna(axis="columns", how="all").reset_index(drop=True)
