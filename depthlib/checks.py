"""The one check that geometry, kernels and losses share: tensors, please."""

from torch import Tensor

__all__ = ["check_tensors"]


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
