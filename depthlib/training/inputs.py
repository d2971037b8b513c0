"""What a network is called with."""

from torch import Tensor


def inputs_of(model, batch: dict) -> tuple[Tensor, ...]:
    """The entries of a batch that a network takes, in its order.

    A network that takes more than an image says so: its ``inputs`` are names
    of entries, such as ``("image", "adjacent")``. One without is called with
    the image.

    Raises:
        ValueError: the data lack an entry.
    """
    names = getattr(model, "inputs", ("image",))
    if missing := [name for name in names if name not in batch]:
        raise ValueError(
            f"the network takes {', '.join(names)}, but the data have no "
            f"{', '.join(missing)}; choose a set that has, such as video"
        )
    return tuple(batch[name] for name in names)
