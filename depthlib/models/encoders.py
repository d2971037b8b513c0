"""The encoders by name: what the networks of four papers are built on."""

from functools import partial

from depthlib.models.densenet import DenseNetEncoder
from depthlib.models.resnet import ResNetEncoder

__all__ = ["ENCODERS", "build_encoder"]

ENCODERS = {
    "densenet121": partial(DenseNetEncoder, 121),
    "densenet169": partial(DenseNetEncoder, 169),
    "densenet201": partial(DenseNetEncoder, 201),
    "resnet18": partial(ResNetEncoder, 18),
    "resnet34": partial(ResNetEncoder, 34),
    "resnet50": partial(ResNetEncoder, 50),
    "resnet101": partial(ResNetEncoder, 101),
}


def build_encoder(name: str, **options) -> DenseNetEncoder | ResNetEncoder:
    """An encoder by its name.

    Args:
        name: a key of `ENCODERS`.
        options: those of the encoder's class.

    Raises:
        ValueError: an unknown name; otherwise see the encoders.
        FileNotFoundError: the weights are neither here nor reachable.
    """
    if name not in ENCODERS:
        raise ValueError(f"encoder is {name!r}; give one of {list(ENCODERS)}.")
    return ENCODERS[name](**options)
