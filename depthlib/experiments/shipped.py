"""The network that comes with the package: its recipe, in three trainings.

DenseDepth, narrow and shortened, learns depth in drawn rooms of one style,
then of the other, then in the 795 labelled training pairs of NYU Depth v2.
Each training starts from the weights that the one before has left. The recipe
was written down before its first score: nothing was chosen by one, on test
images or any others.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

from depthlib.data.cache import cache_dir
from depthlib.experiments.densedepth_run import DenseDepthRun
from depthlib.experiments.records import plain
from depthlib.experiments.single import make_fabric, one_thread, provenance
from depthlib.experiments.weights import load_weights, save_weights
from depthlib.training import fit

EPOCHS = 20  # over the labelled pairs
LAST = 100  # steps whose mean loss is kept
ROOMS = DenseDepthRun(
    experiment="shipped",
    size=(96, 128),
    width=0.5,
    n_train=1000,
    samples=5000,
    elsewhere=(),
)
STAGES = (
    ROOMS,
    replace(ROOMS, style="b", samples=2500),
    replace(ROOMS, data="nyu", n_train=795, samples=EPOCHS * 795, n_test=654),
)


def train_stages(stages=STAGES, folder: Path | None = None) -> Path:
    """Train one network through all stages, on one thread.

    Stopped and started again, it goes on where it was.

    Args:
        stages: configs that build networks of one shape.
        folder: for what is between; None takes one in the cache.

    Returns:
        The file of the last stage; its ``about`` holds ``stages``, a list
        with config, data, seconds and machine of each.
    """
    folder = folder or cache_dir() / "shipped"
    model, done, chain, path = stages[0].build_model(), [], "", None
    for number, stage in enumerate(stages, 1):
        chain += stage.key
        digest = hashlib.sha256(chain.encode()).hexdigest()[:8]
        path = folder / f"{number}-{digest}.safetensors"
        if path.exists():
            trained = load_weights(path)
            model, done = trained.model.train(), trained.about["stages"]
            continue
        with one_thread():
            done = [*done, _train(model, stage, path.with_suffix(".pt"))]
        save_weights(path, model, stage, {"stages": done})
        path.with_suffix(".pt").unlink(missing_ok=True)
    return path


def _train(model, stage, checkpoint: Path) -> dict:
    data, fabric = stage.training_set(), make_fabric(stage)
    history = fit(
        model,
        data,
        stage,
        checkpoint=checkpoint,
        step=stage.step_class(),
        fabric=fabric,
    )
    last = history.losses[-LAST:]
    print(f"{data.manifest()['name']}: {history.seconds:.0f} s", flush=True)
    return {
        "kind": type(stage).__name__,
        "config": plain(stage),
        "data": data.manifest(),
        "loss": round(sum(last) / len(last), 4),
        "seconds": round(history.seconds),
        **provenance(fabric.device),
    }
