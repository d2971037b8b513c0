"""The one way to keep autocast away from a computation."""

import torch
from torch import Tensor

__all__ = ["without_autocast"]


def without_autocast(like: Tensor) -> torch.autocast:
    """A context in which what runs on a tensor's device keeps its precision.

    It widens nothing: a tensor that is half precision already stays so.

    Args:
        like: any tensor on that device.

    Example:
        >>> x = torch.ones(2, 2)
        >>> with torch.autocast("cpu", torch.bfloat16):
        ...     kept = without_autocast(x)
        ...     with kept:
        ...         inside = x @ x
        ...     (x @ x).dtype, inside.dtype
        (torch.bfloat16, torch.float32)
    """
    kind = like.device.type
    # A device that knows no autocast has none to switch off.
    known = torch.amp.is_autocast_available(kind)
    return torch.autocast(kind if known else "cpu", enabled=False)
