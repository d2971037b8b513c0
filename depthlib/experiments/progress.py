"""One progress bar for people, one line for logs."""

import sys
import time
from contextlib import contextmanager


class _Quiet:
    """Counts and draws nothing."""

    def __init__(self):
        self.count = 0

    def update(self, n):
        self.count += n


@contextmanager
def progress_bar(total, unit, *, enabled=True, began=None):
    """A tqdm bar on a terminal, a single closing line anywhere else.

    A bar in a log or in an executed notebook leaves hundreds of lines.
    """
    if not enabled:
        yield _Quiet()
        return
    if sys.stdout.isatty():
        from tqdm import tqdm

        with tqdm(total=total, unit=unit) as bar:
            yield bar
        return
    began = time.perf_counter() if began is None else began
    quiet = _Quiet()
    yield quiet
    seconds = time.perf_counter() - began
    print(f"{quiet.count} of {total} {unit} in {seconds:.0f} s")
