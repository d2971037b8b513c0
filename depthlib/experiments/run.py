"""Run a grid: train what is missing, one record per run."""

import time
from pathlib import Path

from depthlib.experiments.config import RunConfig
from depthlib.experiments.records import frame, read_record, record_path
from depthlib.experiments.single import run_one


def run(
    grid: list[RunConfig],
    *,
    workers: int = 1,
    backend: str = "processes",
    scheduler: str | None = None,
    results: Path | None = None,
    progress: bool = True,
):
    """Train every run of ``grid`` that has no record yet.

    Each run trains in one thread, so that one process, four processes and a
    cluster write the same records bit for bit. A killed grid goes on where
    it stopped: finished runs have records, an unfinished one a checkpoint.

    Args:
        grid: the runs, e.g. from ``experiments.grid``.
        workers: processes at a time on this machine.
        backend: ``"processes"`` (joblib) or ``"dask"``.
        scheduler: address of a Dask scheduler; None starts a local cluster
            of ``workers`` processes.
        results: root folder of the records; None: see ``results_dir``.
        progress: show one progress bar (one line when headless).

    Returns:
        DataFrame with one row per run, in the order of ``grid``.

    Raises:
        RuntimeError: some runs failed; names each with its reason. The
            records of the others are written.
    """
    if not grid:
        raise ValueError("the grid is empty; give at least one run")
    paths = [record_path(config, results) for config in grid]
    # Workers are told where records go: they may have been started under
    # another environment.
    missing = {
        config: path.parents[2]
        for config, path in zip(grid, paths, strict=True)
        if not path.exists()
    }
    if missing:
        _run_missing(missing, workers, backend, scheduler, progress)
    return frame([read_record(path) for path in paths])


def _run_missing(missing, workers, backend, scheduler, progress):
    began = time.perf_counter()
    if backend == "dask":
        outcomes = _with_dask(missing, workers, scheduler)
    elif backend == "processes":
        outcomes = _with_joblib(missing, workers)
    else:
        raise ValueError(
            f'backend is {backend!r}; choose "processes" or "dask"'
        )
    failures = []
    for config, error in _shown(outcomes, len(missing), progress, began):
        if error:
            failures.append(f"{config.experiment}/{config.key}: {error}")
    if failures:
        raise RuntimeError(
            f"{len(failures)} of {len(missing)} runs failed:\n"
            + "\n".join(failures)
        )


def attempt(config: RunConfig, results: Path):
    """Run one config; return it with the error message, or None."""
    try:
        run_one(config, results)
    except Exception as error:  # reported by name when all are done
        return config, f"{type(error).__name__}: {error}"
    return config, None


def _with_joblib(missing, workers):
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=workers, return_as="generator_unordered")
    return pool(delayed(attempt)(*item) for item in missing.items())


def _with_dask(missing, workers, scheduler):
    from dask.distributed import Client, LocalCluster, as_completed

    if scheduler:
        cluster, client = None, Client(scheduler)
    else:
        cluster = LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None
        )
        client = Client(cluster)
    try:
        configs, roots = list(missing), list(missing.values())
        futures = client.map(attempt, configs, roots, pure=False)
        for future in as_completed(futures):
            yield future.result()
    finally:
        client.close()
        if cluster:
            cluster.close()


def _shown(outcomes, total, progress, began):
    from depthlib.experiments.progress import progress_bar

    with progress_bar(total, "runs", enabled=progress, began=began) as bar:
        for outcome in outcomes:
            bar.update(1)
            yield outcome
