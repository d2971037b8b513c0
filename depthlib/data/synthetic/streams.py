"""The keys of random streams: what every number of an image hangs on."""

STYLES = {"a": 0, "b": 1}
SPLITS = {"train": 0, "val": 1, "test": 2}
# One stream of random numbers for each concern, so that none feeds another.
PLAN, LOOK, PHOTO, SENSOR, MOTION = range(5)


def stream_key(
    generator: int, style: str, split: str, seed: int, index: int
) -> tuple:
    """What every random number of one image is drawn from.

    Raises:
        ValueError: an unknown style or split, or a negative number.
    """
    if style not in STYLES:
        raise ValueError(f'style is {style!r}; choose "a" or "b"')
    if split not in SPLITS:
        raise ValueError(
            f'split is {split!r}; choose "train", "val" or "test"'
        )
    if seed < 0 or index < 0:
        raise ValueError(
            f"seed is {seed} and index is {index}; both must be at least 0"
        )
    return generator, STYLES[style], SPLITS[split], seed, index
