"""What geometry, kernels and losses ask of all tensors alike."""

import torch
from torch import Tensor

__all__ = ["check_precision", "check_tensors"]


def check_tensors(**named) -> None:
    """Raise TypeError unless all arguments are tensors; it names the first.

    Example:
        >>> check_tensors(depth=[[1.5]])
        Traceback (most recent call last):
        ...
        TypeError: depth is of type list; give torch.as_tensor(depth)
    """
    for name, value in named.items():
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{name} is of type {type(value).__name__}; give "
                f"torch.as_tensor({name})"
            )


def check_precision(**named: Tensor) -> None:
    """Raise ValueError unless all are float32 or float64; it names the first.

    Half precision cannot tell the pixels of an image apart (bfloat16 has no
    number between 512 and 516), and whole numbers would cut other arguments
    down to whole ones too.

    Example:
        >>> check_precision(depth=torch.ones(2, dtype=torch.float16))
        Traceback (most recent call last):
        ...
        ValueError: depth is torch.float16; expected torch.float32 or \
torch.float64, such as depth.float()
    """
    for name, values in named.items():
        if values.dtype not in (torch.float32, torch.float64):
            raise ValueError(
                f"{name} is {values.dtype}; expected torch.float32 or "
                f"torch.float64, such as {name}.float()"
            )
