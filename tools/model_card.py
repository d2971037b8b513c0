"""The card of the weights that come with the package, from their record."""

import textwrap

from depthlib.pointcloud import fov_of_focal

COMPARED = ("abs_rel", "rmse", "delta1")
ROWS = {
    "network": "these weights",
    "network_scaled": "these weights, each image scaled to its true median",
    "pixel_median": "median of each pixel over the training maps",
    "global_median": "median of all training depths",
}
UNITS = {"rmse": "m"}

CARD = """\
# Card of `{file}`

What `depthlib predict photo.jpg` uses when no other weights are named: one
image in, depth in metres out. Everything below was written by
`python -m tools.weights` from `{record}`, which lies beside this card; no
number was typed.

## The network

DenseDepth (Alhashim and Wonka 2018), {width:g} of its width, encoder
{encoder} with blocks of {blocks} layers, half-resolution output:
{parameters:,} parameters in half precision, {megabytes:.1f} MB. It was
trained on images of {train_width} x {train_height}; a photo is shrunk to about
as many pixels and its map enlarged again.

## Training

{stages}

Each training started from the weights of the one before, the first from
random ones (seed {seed}); no pretrained encoder of others. Loss:
{loss} with reciprocal targets; images mirrored, colour channels
permuted in {swap:.0%} of them; Adam at {lr:g} that falls to zero over the
second half, batches of {batch_size}. The recipe was fixed
beforehand: nothing in it was chosen by a score.

## Scores on NYU Depth v2

The {n} labelled test images, {frame}, each predicted as
`depthlib predict` does and compared with the truth at full size. {protocol}

{scores}

Beside the network stand guesses that look at no image. Network minus the
median of each pixel, image by image, with {level:.0%} intervals: a percentile
bootstrap over the {n} images ({resamples:,} resamples). There is one network,
so the intervals say what other images of this kind would give, not what
another training would; images of one room resemble each other, which makes
them too narrow.

{differences}

## Scores on drawn rooms

The synthetic rooms of this repository, which need no download:
`depthlib evaluate {path} --data rooms --style a`.

{rooms}

## Intended use and limits

- To see what a small network of this book makes of a photo of a room, and to
  compare with in exercises. Not for measuring, navigation or safety.
- It knows rooms with some {near:g} to {far:g} m of depth, and answers with
  depths in that range whatever it sees: outdoors, close-ups, faces and
  drawings get rooms' depths too.
- Metres are right only for cameras like that of the training set (horizontal
  field of view {fov:.0f} degrees at 4:3): in a zoomed photo things are put
  nearer than they are. Compare the first two rows of the scores for what the
  scale alone costs.
- The maps have {inner_width} x {inner_height} points of their own on a photo
  of 4:3; edges are soft and thin things are missing.
- The NYU depths it learned from, and is scored on, have their holes filled
  in and are stored as {unit} metres.

## Data and licence

NYU Depth v2: Silberman, Hoiem, Kohli and Fergus (2012), "Indoor segmentation
and support inference from RGBD images"; its authors give it for academic use,
and no picture of it is in this repository. The drawn rooms are this
repository's own. The MIT licence covers the code; before using these
weights outside teaching and research, read the terms of the data set.

## Made by

`python -m tools.weights`, with NYU Depth v2 in place; {minutes:.0f} minutes
of training on one core of a busy machine.

{provenance}
"""


def card(record: dict) -> str:
    """The card, as Markdown, of a record of ``tools.weights``."""
    last = record["stages"][-1]
    config, nyu = last["config"], record["nyu"]
    height, width = config["size"]
    frame = nyu["data"]["test"]["size"]
    any_difference = next(iter(nyu["difference"].values()))
    filled = CARD.format(
        **{k: config[k] for k in ("encoder", "width", "loss", "swap", "lr")},
        batch_size=config["batch_size"],
        seed=config["seed"],
        blocks=", ".join(map(str, config["blocks"])),
        file=record["file"],
        record=record["file"].replace(".safetensors", ".json"),
        path=f"depthlib/weights/{record['file']}",
        parameters=record["parameters"],
        megabytes=record["bytes"] / 1e6,
        train_height=height,
        train_width=width,
        inner_height=height // 2,
        inner_width=width // 2,
        stages=_table(
            ["", "images", "shown", "mean loss at the end", "minutes"],
            [_stage(k, s) for k, s in enumerate(record["stages"], 1)],
        ),
        n=nyu["n"],
        frame=f"{frame[1]} x {frame[0]}",
        protocol=nyu["protocol"],
        scores=_scores(nyu["metrics"]),
        level=any_difference["level"],
        resamples=nyu["resamples"],
        differences=_table(
            ["", "difference", "interval"],
            [_difference(m, d) for m, d in nyu["difference"].items()],
        ),
        rooms="\n\n".join(
            f"Style {style}, {rooms['n']} images. {rooms['protocol']}\n\n"
            f"{_scores(rooms['metrics'])}"
            for style, rooms in record["rooms"].items()
        ),
        near=record["range"]["min_depth"],
        far=record["range"]["max_depth"],
        fov=fov_of_focal(record["focal"], (3, 4)),
        unit=nyu["data"]["test"]["depth_unit"],
        minutes=sum(s["seconds"] for s in record["stages"]) / 60,
        provenance=_table(
            ["", "training", "scoring"],
            [
                [name, last[name], record[name]]
                for name in ("commit", "device", "torch", "python", "date")
            ]
            + [["data, content", *_contents(last, nyu)]]
            + [["SHA-256 of the file", "", f"`{record['sha256'][:16]}...`"]],
        ),
    )
    blocks = [_wrapped(block) for block in filled.strip().split("\n\n")]
    return "\n\n".join(blocks) + "\n"


def _wrapped(block: str) -> str:
    """A paragraph or list in lines of 79; tables and titles as they are."""
    if block[0] in "#|":
        return block
    indent = "  " if block.startswith("- ") else ""
    items = [" ".join(item.split()) for item in block.split("\n- ")]
    options = {"break_long_words": False, "break_on_hyphens": False}
    return "\n".join(
        textwrap.fill(item, 79, subsequent_indent=indent, **options)
        for item in [items[0], *(f"- {item}" for item in items[1:])]
    )


def _stage(number: int, stage: dict) -> list[str]:
    data, config = stage["data"], stage["config"]
    return [
        f"{number}. {data['name']}",
        f"{data['n']:,}",
        f"{config['samples']:,}",
        f"{stage['loss']:.3f}",
        f"{stage['seconds'] / 60:.0f}",
    ]


def _scores(metrics: dict) -> str:
    rows = [
        [ROWS[name]] + [f"{values[m]:.3f}" for m in COMPARED]
        for name, values in metrics.items()
    ]
    heads = [m + (f" ({UNITS[m]})" if m in UNITS else "") for m in COMPARED]
    return _table(["", *heads], rows)


def _difference(metric: str, found: dict) -> list[str]:
    unit = f" {UNITS[metric]}" if metric in UNITS else ""
    return [
        metric,
        f"{found['mean']:+.3f}{unit}",
        f"{found['low']:+.3f} to {found['high']:+.3f}{unit}",
    ]


def _contents(stage: dict, nyu: dict) -> list[str]:
    found = (stage["data"], nyu["data"]["test"])
    return [f"{data['name']}: `{data['content']}`" for data in found]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
