"""An honest stand-in for ImageNet: an encoder that has learned to name.

Pretrained weights are other people's, and cannot always be had. What the
claim on pretraining needs is an encoder that knows pictures but not depth:
here one that tells which materials and things a synthetic room shows, on
rooms of another style and seed than those of the depth task.
"""

import hashlib
import json

import torch
import torch.nn.functional as F

from depthlib.data.cache import cache_dir
from depthlib.writing import whole

PICTURES = 4  # times the number of training images of the depth task
VERSION = 1  # raise with any change of the task or of its training


def pretrained_encoder(config) -> dict:
    """Weights of the encoder of a ``DenseDepthRun``, trained on naming.

    As many samples as the depth task has, from the seed of the run; made
    once and kept in the cache.

    Args:
        config: a ``DenseDepthRun``; its encoder, width, blocks, stride,
            size, seed and budget matter.

    Returns:
        State dict for ``DenseDepth(...).encoder``.
    """
    from filelock import FileLock
    from safetensors.torch import load_file, save_file

    from depthlib.data.rooms.naming import NAMES, VISIBLE
    from depthlib.data.rooms.view import GENERATOR_VERSION

    matters = {
        name: getattr(config, name)
        for name in (
            "encoder",
            "width",
            "blocks",
            "stride",
            "size",
            "seed",
            "n_train",
            "samples",
            "batch_size",
            "betas",
        )
    }
    matters["version"] = [VERSION, GENERATOR_VERSION, NAMES, VISIBLE]
    text = json.dumps(matters, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = cache_dir() / "pretrained" / f"{digest}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            state = train_on_names(config).state_dict()
            with whole(path) as temporary:
                save_file(state, temporary)
    return load_file(path)


def train_on_names(config):
    """The encoder of ``config``, trained to name what pictures show.

    Means over the image of its last map, a linear layer, binary cross
    entropy for each name; Adam at 1e-3 that falls to zero over the second
    half, as in every training of the book.
    """
    from depthlib.data.rooms.naming import NAMES, NamedRooms
    from depthlib.models import DenseDepth
    from depthlib.training import learning_rate

    torch.manual_seed(config.seed)
    encoder = DenseDepth(
        encoder=config.encoder,
        width=config.width,
        blocks=config.blocks,
        stride=config.stride,
    ).encoder
    head = torch.nn.Linear(encoder.channels[-1], len(NAMES))
    parameters = [*encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-3, betas=config.betas)
    data = NamedRooms(PICTURES * config.n_train, size=config.size)
    order = torch.Generator().manual_seed(config.seed)
    for step in range(config.steps):
        chosen = torch.randint(
            len(data), (config.batch_size,), generator=order
        ).tolist()
        items = [data[i] for i in chosen]
        image, labels = (
            torch.stack([item[name] for item in items])
            for name in ("image", "labels")
        )
        scores = head(encoder(image)[-1].mean((2, 3)))
        loss = F.binary_cross_entropy_with_logits(scores, labels)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, config) * 1e-3 / config.lr
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return encoder
