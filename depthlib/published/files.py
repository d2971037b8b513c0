"""Read the YAML files under ``data/published``."""

import functools
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "data" / "published"


@functools.cache
def read(name: str) -> dict:
    """The content of one file, parsed once; do not change it in place.

    Raises:
        FileNotFoundError: the checkout's data folder is not there.
    """
    import yaml

    path = FOLDER / name
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing; published tables and claims lie in the "
            "checkout, so install depthlib from it with pip install -e ."
        )
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
