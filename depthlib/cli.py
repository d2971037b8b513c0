"""The command line: ``depthlib --help``."""

import os
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Depth from one image: train, judge and reproduce.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(
    help="Where data sets come from, and whether yours is right.",
    no_args_is_help=True,
)
app.add_typer(data_app, name="data")

SHORT = {  # as in train --data nyu
    "nyu": "nyu_v2_labeled",
    "seven-scenes": "seven_scenes_red_kitchen",
}
FARTHEST_STORED = 65.535  # metres, in 16 bits of millimetres
EXPECTED = (ValueError, OSError, RuntimeError, FloatingPointError)


@contextmanager
def one_sentence():
    """Turn expected errors into one sentence and exit status 1."""
    try:
        yield
    except EXPECTED as error:
        typer.echo(f"depthlib: {error}", err=True)
        raise typer.Exit(1) from None


@app.command()
def train(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="weights, .safetensors")
    ],
    model: Annotated[str, typer.Option(help="d3net or densedepth")] = "d3net",
    loss: Annotated[
        str | None,
        typer.Option(help="l1, lsgan, densedepth, ...; the model's usual one"),
    ] = None,
    data: Annotated[str, typer.Option(help="rooms, streets or nyu")] = "rooms",
    profile: str = "quick",
    n_train: int | None = None,
    samples: int | None = None,
    lr: float | None = None,
    seed: int = 0,
    half: Annotated[
        bool, typer.Option(help="keep 16 bits of each weight")
    ] = False,
):
    """Train one network and keep its weights."""
    from depthlib.experiments.setup import evaluation_set, require_data
    from depthlib.experiments.single import make_fabric, provenance
    from depthlib.experiments.studies import single_run
    from depthlib.experiments.weights import save_weights
    from depthlib.pointcloud import training_focal
    from depthlib.training import evaluate as score
    from depthlib.training import fit

    with one_sentence():
        _check_output(output, ".safetensors")
        given = {"loss": loss, "n_train": n_train, "samples": samples}
        config = single_run(
            model, profile, **_set(given | {"lr": lr}), data=data, seed=seed
        )
        typer.echo(config.describe())
        require_data(config)
        fabric = make_fabric(config)
        train, (test, protocol) = config.training_set(), evaluation_set(config)
        network = config.build_model()
        history = fit(
            network, train, config, step=config.step_class(), fabric=fabric
        )
        result = score(network, test, protocol)
        about = {
            "data": train.manifest(),
            "focal": training_focal(train),
            "protocol": protocol.describe(),
            "metrics": result.image,
            "seconds": round(history.seconds),
            **provenance(fabric.device),
        }
        save_weights(output, network, config, about, half=half)
    typer.echo(f"{history.seconds:.0f} s; {protocol.describe()}")
    _echo_scores(result)
    typer.echo(f"wrote {output}")


@app.command()
def evaluate(
    weights: Path,
    data: Annotated[
        str | None,
        typer.Option(help="rooms, streets or nyu; as in training"),
    ] = None,
    n_test: Annotated[
        int | None, typer.Option(help="of a drawn set; 200")
    ] = None,
    style: Annotated[
        str | None, typer.Option(help="a or b; as in training")
    ] = None,
):
    """Score a trained network under the data set's protocol."""
    from dataclasses import replace

    from depthlib.experiments.setup import REAL, evaluation_set
    from depthlib.experiments.weights import load_weights
    from depthlib.training import evaluate as score

    with one_sentence():
        trained = load_weights(weights)
        if n_test is not None and (data or trained.config.data) in REAL:
            raise ValueError(
                f"--n-test {n_test} is for drawn sets; of a real one all "
                "test images are scored"
            )
        config = replace(
            trained.config,
            data=data or trained.config.data,
            style=style or trained.config.style,
            test_split="test",
            n_test=n_test or 200,
        )
        test, protocol = evaluation_set(config)
        result = score(trained.model, test, protocol)
    typer.echo(protocol.describe())
    _echo_scores(result)


@app.command()
def predict(
    photo: Path,
    weights: Annotated[
        Path | None,
        typer.Option(help="from depthlib train; else those of the package"),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="16-bit PNG, millimetres")
    ] = Path("depth.png"),
    pointcloud: Annotated[
        Path | None, typer.Option(help="coloured points, .ply")
    ] = None,
    fov: Annotated[
        float | None,
        typer.Option(
            help="horizontal field of view in degrees, for the points; else "
            "the photo's EXIF, else that of the training camera"
        ),
    ] = None,
):
    """Estimate the depth of a photo."""
    from depthlib.experiments.single import save_maps
    from depthlib.experiments.weights import load_weights
    from depthlib.pointcloud import choose_focal, fov_of_focal, write_ply
    from depthlib.predict import WEIGHTS, full_size, predict_photo, read_photo

    with one_sentence():
        _check_output(output, ".png", photo)
        if pointcloud:
            _check_output(pointcloud, ".ply", photo)
        elif fov is not None:
            raise ValueError("--fov is for the points; give --pointcloud FILE")
        trained, taken = load_weights(weights or WEIGHTS), read_photo(photo)
        if pointcloud:
            focal, whose = choose_focal(fov, taken, trained.about)
        depth = predict_photo(trained.model, taken.image, trained.config.size)
        save_maps(full_size(depth, taken.size), output)
        most = min(float(depth.max()), FARTHEST_STORED)
        typer.echo(
            f"wrote {output}: {depth.min():.2f} to {most:.2f} m, "
            "one unit is one millimetre"
        )
        if pointcloud:
            count = write_ply(pointcloud, taken.image, depth, focal)
            degrees = fov_of_focal(focal, taken.size)
            typer.echo(
                f"wrote {pointcloud}: {count} points in metres, horizontal "
                f"field of view {degrees:.1f} degrees ({whose})"
            )


@app.command()
def reproduce(
    experiments: list[str],
    profile: str = "study",
    workers: int = 0,
    backend: str = "processes",
    scheduler: str | None = None,
):
    """Train what experiments lack, and print a table of each.

    Workers: processes at a time; 0 takes one per core.
    """
    from depthlib.experiments import STUDIES, run
    from depthlib.experiments.profiles import profile as get_profile

    with one_sentence():
        p = get_profile(profile)
        if unknown := [name for name in experiments if name not in STUDIES]:
            raise ValueError(
                f"there is no experiment {', '.join(unknown)}; "
                f"choose of {', '.join(STUDIES)}"
            )
        for name in experiments:
            # One after the other: a study tunes before it trains.
            grid = STUDIES[name](p)
            table = run(
                grid,
                workers=workers or os.cpu_count() or 1,
                backend=backend,
                scheduler=scheduler,
            )
            typer.echo(_summary(grid, table))


def _summary(grid, table) -> str:
    """For each protocol the mean over seeds of its arms."""
    from depthlib.experiments.records import read_record, record_path

    arm = _varying(grid)
    metrics = ["abs_rel", "rmse", "delta1", "edge_f1"]
    if not grid[0].TRAINS:  # what it computes is in no other experiment
        found = read_record(record_path(grid[0]))["metrics"]
        metrics = [*found["image"], *found["quality"]]
    table = table[table["reading"] == 0]
    # Words: a field that is None, or that a kind of run lacks, tells as well.
    table = table.assign(**{name: table[name].map(str) for name in arm})
    said = []
    for protocol, part in table.groupby("protocol", sort=False):
        summary = part.groupby(arm)[metrics].mean()
        summary["seeds"] = part.groupby(arm)["seed"].nunique()
        rows = summary.to_string(float_format="{:.4f}".format)
        said.append(f"{protocol}\n{rows}")
    return "\n\n".join(said)


def _varying(grid) -> list[str]:
    """Fields that tell the arms of a grid apart; the loss in any case."""
    from dataclasses import fields

    names = dict.fromkeys(f.name for run in grid for f in fields(run))
    several = [
        name
        for name in names
        if len({str(getattr(run, name, None)) for run in grid}) > 1
    ]
    return ["loss", *(n for n in several if n not in ("loss", "seed"))]


@app.command()
def status(profile: str = "study"):
    """Records a study wants, which are there and current, and others."""
    from depthlib.experiments import STUDIES, is_current, load
    from depthlib.experiments.profiles import profile as get_profile

    with one_sentence():
        p = get_profile(profile)
        typer.echo(f"{'experiment':22} wanted  there  current  others")
        for name, make in STUDIES.items():
            records = load(name, p.name)
            keys = {config.key for config in make(p)}
            there = [r for r in records if r["key"] in keys]
            current = sum(is_current(r) for r in there)
            typer.echo(
                f"{name:22} {len(keys):6}  {len(there):5}  {current:7}  "
                f"{len(records) - len(there):6}"
            )


@data_app.command("list")
def list_data():
    """Where to get each data set, which files it has, and if it is here."""
    from depthlib.data.catalogue import describe

    with one_sentence():
        typer.echo(describe())


Unit = Annotated[
    str | None,
    typer.Option(help='of stored depth: m, cm, mm, or "(v + 0.5) * 10 / 255"'),
]
Root = Annotated[Path | None, typer.Option(help="folder of the data set")]


@data_app.command("check")
def check_data(
    name: str,
    root: Root = None,
    unit: Unit = None,
    scene: Annotated[
        str | None, typer.Option(help="indoor, outdoor or any")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="of KITTI, a folder: its list; of others: train, test, ..."
        ),
    ] = None,
):
    """Read a whole data set; name the first file that is wrong."""
    from depthlib.data.check import check

    with one_sentence():
        report = check(
            SHORT.get(name, name),
            root,
            depth_unit=unit,
            scene=scene,
            split=split,
        )
    typer.echo(report)


@data_app.command("prepare")
def prepare_data(
    name: str,
    root: Root = None,
    size: Annotated[str, typer.Option(help="HxW of the pictures")] = "96x128",
    unit: Unit = None,
    archive: Annotated[
        Path | None, typer.Option(help="zip file to unpack first")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="of KITTI, a folder: its list; of others: train, test, ..."
        ),
    ] = None,
    filled: Annotated[
        Path | None,
        typer.Option(help="of a folder: make a copy without holes here"),
    ] = None,
    n: Annotated[int, typer.Option(help="of a drawn set, to train on")] = 1000,
):
    """Resize or render once, so that no training has to wait for it."""
    from depthlib.data.prepare import prepare

    with one_sentence():
        said = prepare(
            SHORT.get(name, name),
            root,
            size=_size(size),
            archive=archive,
            depth_unit=unit,
            filled=filled,
            split=split,
            n=n,
        )
    typer.echo(said)


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise ValueError(f"size is {text!r}; give HEIGHTxWIDTH, as in 96x128")
    size = int(height), int(width)
    if min(size) < 1:
        raise ValueError(f"size is {text!r}; both must be above 0")
    return size


def _check_output(path: Path, suffix: str, photo: Path | None = None) -> None:
    """Refuse a file that cannot be written before the work, not after it."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a {suffix} file")
    if path.suffix.lower() != suffix:
        raise ValueError(f"{path} does not end in {suffix}; name such a file")
    if photo and path.exists() and photo.exists() and path.samefile(photo):
        raise ValueError(f"{path} is the photo itself; name another file")
    there = next(
        parent for parent in path.absolute().parents if parent.exists()
    )
    if not there.is_dir():
        raise ValueError(f"{there} is a file, so {path} cannot be written")


def _set(values: dict) -> dict:
    return {name: v for name, v in values.items() if v is not None}


def _echo_scores(result) -> None:
    for name, value in (result.image | result.quality).items():
        pooled = result.pixel.get(name)
        beside = f"   pooled {pooled:.4f}" if pooled is not None else ""
        typer.echo(f"{name:16} {value:.4f}{beside}")


if __name__ == "__main__":
    app()
