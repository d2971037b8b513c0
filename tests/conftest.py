"""What every test shares: one thread, fixed seeds, a cache of its own."""

import os

# Before torch and numba are imported: they read these once. pytest-xdist
# already uses every core.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

import random

import numpy as np
import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)

# Shared cores make per-example deadlines fail at random; a fixed seed makes
# a failure show again.
settings.register_profile(
    "house", deadline=None, derandomize=True, max_examples=40
)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _seeded():
    """Every test starts from the same random state."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    """Keep generated data out of the checkout, and fresh every time."""
    before = os.environ.get("DEPTHLIB_CACHE")
    os.environ["DEPTHLIB_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["DEPTHLIB_CACHE"]
    else:
        os.environ["DEPTHLIB_CACHE"] = before
