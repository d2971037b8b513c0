"""The grids of the transfer study (DenseDepth), one function an experiment.

All arms share budget, seeds, order of images and the learning rate that
``transfer-rate`` found for their loss; the base is DenseDepth as published,
narrow and shortened. Ablations name the one field that they change, and find
their base among the runs of ``transfer-loss``.
"""

from dataclasses import replace

from depthlib.experiments.config import grid
from depthlib.experiments.densedepth_run import DenseDepthRun
from depthlib.experiments.profiles import Profile
from depthlib.experiments.tuning import tuned

LOSSES = ("densedepth", "l1", "berhu")
RATES = (3e-4, 1e-3, 3e-3)
SMALL = {"size": (32, 64), "blocks": (1, 1, 1, 1), "encoder": "densenet121"}
# Values that differ from those of ``DenseDepthRun``, by profile.
SCALES = {
    "smoke": SMALL
    | {"samples": 16, "n_train": 16, "n_test": 8, "curve_points": 2},
    "quick": {"samples": 4000, "n_test": 100},
    "study": {},
    "gpu": {
        "size": (96, 128),
        "width": 0.5,
        "blocks": None,
        "samples": 120_000,
        "n_train": 12_000,
        "batch_size": 32,
        "precision": "bf16-mixed",
    },
    "paper": {
        "size": (480, 640),
        "width": 1.0,
        "blocks": None,
        "samples": 1_000_000,
        "n_train": 50_000,
        "lr": 1e-4,
        "n_test": 654,
        "precision": "bf16-mixed",
    },
}
# About a third of the published lengths, as in the base.
SHORT = {
    "densenet121": (2, 4, 8, 5),
    "densenet201": (2, 4, 16, 10),
    "resnet50": (1, 2, 2, 1),
}


def config(p: Profile, experiment: str, **changes) -> DenseDepthRun:
    """The base of the study at one profile, with some fields changed."""
    values = {"experiment": experiment, "profile": p.name}
    return DenseDepthRun(**(values | SCALES[p.name] | changes))


def transfer_rate(p: Profile) -> list[DenseDepthRun]:
    """Three learning rates per loss, one seed, on validation images.

    With two fifths of the samples, the same for every loss.
    """
    base = config(p, "transfer-rate", test_split="val")
    base = replace(base, samples=2 * base.samples // 5)
    return grid(base, loss=LOSSES, lr=RATES)


def arms(p: Profile, experiment: str, loss="densedepth", **axes):
    """Runs that differ from the base in ``axes``, with all seeds."""
    base = config(p, experiment, loss=loss)
    base = tuned(base, "transfer-rate", by=("loss",))
    return grid(base, **axes, seed=range(p.seeds))


def transfer_loss(p: Profile) -> list[DenseDepthRun]:
    """DenseDepth's loss, and two plain ones in the same space.

    Every network is scored in several ways (``DenseDepthRun.readings``):
    with and without median scaling and flip averaging, on both styles.
    """
    return [run for loss in LOSSES for run in arms(p, "transfer-loss", loss)]


def transfer_decoder(p: Profile) -> list[DenseDepthRun]:
    """More elaborate decoders."""
    rivals = ["up_projection", "transposed"]
    return arms(p, "transfer-decoder", decoder=rivals)


def transfer_encoder(p: Profile) -> list[DenseDepthRun]:
    """Other encoders, each shortened to a third where the base is."""
    full = config(p, "").blocks
    runs = []
    for name, blocks in SHORT.items():
        if full is None or p.name == "smoke":
            blocks = full
        runs += arms(p, "transfer-encoder", encoder=[name], blocks=[blocks])
    return runs


def transfer_width(p: Profile) -> list[DenseDepthRun]:
    """The half decoder, in the usual training and in one four times as long.

    The full decoder's usual training is the base.
    """
    samples = config(p, "").samples
    return arms(p, "transfer-width", bridge=[0.5], samples=[samples]) + arms(
        p, "transfer-width", bridge=[1.0, 0.5], samples=[4 * samples]
    )


def transfer_swap(p: Profile) -> list[DenseDepthRun]:
    """No swapped colours."""
    return arms(p, "transfer-swap", swap=[0.0])


def transfer_pretraining(p: Profile) -> list[DenseDepthRun]:
    """An encoder that has learned another task on other images."""
    return arms(p, "transfer-pretraining", pretrained=[True])


def transfer_skips(p: Profile) -> list[DenseDepthRun]:
    """No skip connections."""
    return arms(p, "transfer-skips", skips=[False])


def transfer_batch(p: Profile) -> list[DenseDepthRun]:
    """Smaller and larger batches, with as many images in all."""
    return arms(p, "transfer-batch", batch_size=[2, 16])


def transfer_lambda(p: Profile) -> list[DenseDepthRun]:
    """The weight of the L1 term."""
    return arms(p, "transfer-lambda", weight=[0.0, 0.01, 1.0, 10.0])


def transfer_target(p: Profile) -> list[DenseDepthRun]:
    """Metres in place of reciprocal depth."""
    return arms(p, "transfer-target", target=["metric"])


def transfer_stride(p: Profile) -> list[DenseDepthRun]:
    """Encoders that shrink the image less."""
    return arms(p, "transfer-stride", stride=[16, 8])


def transfer_sparse(p: Profile) -> list[DenseDepthRun]:
    """Streets under a laser scanner: its returns alone, or filled in.

    L1 on all, DenseDepth's loss where the maps are whole; dense truth, which
    no scanner gives, is beside them.
    """
    height, width = config(p, "").size
    streets = {
        "data": ["streets"],
        "size": [(height, 3 * height if p.name == "study" else width)],
        "elsewhere": [("streets-b",)],
    }
    whole = ["dense", "inpainted"]
    return [
        *arms(p, "transfer-sparse", "l1", truth=[*whole, "masked"], **streets),
        *arms(p, "transfer-sparse", truth=whole, **streets),
    ]


def transfer_sets(p: Profile) -> list[DenseDepthRun]:
    """Trained on rooms, or on NYU Depth v2, and scored on all three sets.

    As many images, of one size, seen as often.
    """
    if p.name == "smoke":  # needs no data but what it draws
        return arms(p, "transfer-sets")
    drawn = {**_labelled(p), "elsewhere": [("rooms-b", "nyu")]}
    return arms(p, "transfer-sets", **drawn) + _on_nyu(p, "transfer-sets")


def transfer_nyu(p: Profile) -> list[DenseDepthRun]:
    """The rival losses on NYU; DenseDepth's is in ``transfer-sets``."""
    if p.name == "smoke":  # needs no data but what it draws
        return arms(p, "transfer-nyu", "l1")
    return [
        run for loss in LOSSES[1:] for run in _on_nyu(p, "transfer-nyu", loss)
    ]


def _labelled(p):
    """As many images as NYU's labelled set has, ten times each."""
    size = (96, 128) if p.name == "study" else config(p, "").size
    return {"n_train": [795], "samples": [10 * 795], "size": [size]}


def _on_nyu(p, experiment, loss="densedepth"):
    real = {"data": ["nyu"], "n_test": [654], **_labelled(p)}
    real["elsewhere"] = [("rooms-a", "rooms-b")]
    return arms(p, experiment, loss, **real)


def transfer_kitti(p: Profile) -> list[DenseDepthRun]:
    """As ``transfer_sparse``, on 130 real stills and 50 frames of a drive.

    Dense truth does not exist here, for training or for the test.
    """
    if p.name == "smoke":  # needs no data but what it draws
        return arms(p, "transfer-kitti", "l1", truth=["masked"])
    shared = {
        "data": ["kitti"],
        "n_train": [130],
        "n_test": [50],
        "samples": [40 * 130],
        "size": [(96, 320)],
        "elsewhere": [()],
    }
    return [
        *arms(
            p,
            "transfer-kitti",
            "l1",
            truth=["masked", "inpainted"],
            **shared,
        ),
        *arms(p, "transfer-kitti", truth=["inpainted"], **shared),
    ]


TRANSFER_STUDY = {
    "transfer-rate": transfer_rate,
    "transfer-loss": transfer_loss,
    "transfer-decoder": transfer_decoder,
    "transfer-encoder": transfer_encoder,
    "transfer-width": transfer_width,
    "transfer-swap": transfer_swap,
    "transfer-pretraining": transfer_pretraining,
    "transfer-skips": transfer_skips,
    "transfer-batch": transfer_batch,
    "transfer-lambda": transfer_lambda,
    "transfer-target": transfer_target,
    "transfer-stride": transfer_stride,
    "transfer-sparse": transfer_sparse,
    "transfer-sets": transfer_sets,
    "transfer-nyu": transfer_nyu,
    "transfer-kitti": transfer_kitti,
}
