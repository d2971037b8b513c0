"""Where a figure comes from: its records and the command that re-makes it."""


def trace(*records) -> str:
    """One caption line that leads from a figure to its records.

    Args:
        records: run records (a list of dicts) or the table that
            `depthlib.experiments.frame` makes of them. Of several the empty
            ones are left out. A run counts once, whether it is in two of
            them or has two rows, for two readings, in one.

    Returns:
        Profile, number of runs, seeds, dates, commits and devices, and the
        one command that names the experiments; back-ticks mark code.

    Raises:
        ValueError: no record, or records of several profiles, which are
            never pooled.
    """
    facts = [_facts(r) for some in records for r in _rows(some)]
    facts = list({f["key"] or id(f): f for f in facts}.values())
    if not facts:
        raise ValueError(
            "records is empty: a figure without records has no source"
        )
    profiles = sorted({fact["profile"] for fact in facts})
    if len(profiles) > 1:
        raise ValueError(
            f"records mix the profiles {', '.join(profiles)}; draw one "
            "figure per profile"
        )
    experiments = list(dict.fromkeys(fact["experiment"] for fact in facts))
    command = (
        f"depthlib reproduce {' '.join(experiments)} --profile {profiles[0]}"
    )
    runs = f"{len(facts)} run" + "s" * (len(facts) > 1)
    parts = [
        f"Profile `{profiles[0]}`: {runs}",
        _seeds({fact["seed"] for fact in facts}),
        _dates(fact["date"] for fact in facts),
        _several("commit", (f"`{_short(fact['commit'])}`" for fact in facts)),
        _several("", (fact["device"] for fact in facts)),
    ]
    return f"{'; '.join(p for p in parts if p)}. Re-make: `{command}`"


def _rows(records):
    """Dicts, from a list of them or a data frame."""
    if hasattr(records, "to_dict"):
        return records.to_dict("records")
    return list(records)


def _facts(record):
    """What the line needs, from a record or from a row of the table."""
    config = record.get("config") or {}
    names = ("experiment", "profile", "seed", "date", "commit", "device")
    facts = {name: record.get(name, config.get(name)) for name in names}
    facts["key"] = record.get("key")
    if facts["experiment"] is None or facts["profile"] is None:
        raise ValueError(
            f"a record names no experiment or profile: {sorted(record)}; "
            "give run records or the table that experiments.frame returns"
        )
    return facts


def _seeds(seeds):
    """'seed 3', 'seeds 0-4' or 'seeds 0, 2, 5'."""
    seeds = sorted(seed for seed in seeds if seed is not None)
    if len(seeds) < 2:
        return f"seed {seeds[0]}" if seeds else ""
    if seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"seeds {seeds[0]}-{seeds[-1]}"
    return "seeds " + ", ".join(str(seed) for seed in seeds)


def _dates(dates):
    """The first and the last day."""
    days = sorted({str(date)[:10] for date in dates if date})
    if not days:
        return ""
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _short(commit):
    """A commit as people write it, and the plus of a changed checkout."""
    text = str(commit or "unknown")
    return text[:7] + "+" * text.endswith("+")


def _several(word, values):
    """Distinct values in order, at most three by name."""
    values = list(dict.fromkeys(value for value in values if value))
    if not values:
        return ""
    more = f" and {len(values) - 3} more" if len(values) > 3 else ""
    if word:
        word += "s " if len(values) > 1 else " "
    return word + ", ".join(values[:3]) + more
