"""A run of the adversarial study: U-Net with or without its adversary."""

from dataclasses import dataclass, replace
from typing import ClassVar

from torch.utils.data import Dataset

from depthlib.experiments.config import RunConfig
from depthlib.training import ConditionalGanTraining

STRONG = {"encoder": "densenet121", "blocks": (2, 4, 6, 4), "width": 0.25}
XAVIER_REMOVED = 0.02  # standard deviation of pix2pix's initial weights


@dataclass(frozen=True, kw_only=True)
class AdversarialRun(RunConfig, ConditionalGanTraining):
    """One training of the conditional GAN, or of its generator alone.

    Attributes:
        generator: ``"unet"``, or ``"d3net"`` for a stronger one.
        width: channels of the U-Net's first layer.
        levels: halvings of the U-Net.
        norm: of the U-Net, ``"batch"``, ``"instance"`` or ``"none"``.
        dropout: at the U-Net's bottleneck.
        squeeze: (H, W) that images are squeezed to before they reach the
            networks; scores are taken at ``size``.
    """

    WHOLE_MAPS: ClassVar = True  # the SSIM term has windows
    MAY_DIVERGE: ClassVar = True

    lr: float = 1e-3
    size: tuple[int, int] = (64, 64)
    generator: str = "unet"
    width: int = 16
    levels: int = 6
    norm: str = "batch"
    dropout: float = 0.5
    squeeze: tuple[int, int] | None = None

    def build_model(self):
        """The generator; runs that differ only in D or loss start equal."""
        import torch

        from depthlib.experiments.setup import depth_range
        from depthlib.models import UNet, spectral_normalise

        torch.manual_seed(self.seed)
        reach = {"max_depth": depth_range(self.data)[1]}
        if self.generator == "d3net":
            return self._strong(reach)
        if self.generator != "unet":
            raise ValueError(
                f"generator is {self.generator!r}; choose unet or d3net"
            )
        network = UNet(
            levels=self.levels,
            width=self.width,
            norm=self.norm,
            dropout=self.dropout,
        )
        if not self.keeps("xavier"):
            for module in network.modules():
                if isinstance(
                    module, torch.nn.Conv2d | torch.nn.ConvTranspose2d
                ):
                    torch.nn.init.normal_(module.weight, 0, XAVIER_REMOVED)
        if self.keeps("spectral_g"):
            spectral_normalise(network)
        return self._in_metres(network, reach)

    def _in_metres(self, network, reach):
        from depthlib.models import ScaledDepth

        return ScaledDepth(network, **reach, size=self.squeeze)

    def _strong(self, reach):
        from depthlib.models import D3Net

        return D3Net(**STRONG, **reach)

    def stream(self, data):
        """As in ``TrainConfig``, squeezed where the networks want it."""
        return super().stream(Squeezed(data, self.squeeze))

    def step_class(self):
        """The step with an adversary that can be switched off."""
        from depthlib.training.conditional_gan import ConditionalGanStep

        return ConditionalGanStep

    def recipe(self) -> "AdversarialRun":
        """As in ``RunConfig``, with the smallest network."""
        return replace(
            super().recipe(),
            width=4,
            levels=3,
            field=self.field and min(self.field, 70),  # what a toy holds
            critic_width=4,
            squeeze=self.squeeze and (32, 32),
        )


@dataclass(frozen=True, kw_only=True)
class CropRun(AdversarialRun):
    """The U-Net on photographs larger than itself, as the paper trains it.

    Attributes:
        crop: side of the window that a training takes of each image,
            anywhere in it. Images are scored whole, by tiles of this side.
    """

    size: tuple[int, int] = (288, 384)
    crop: int = 256

    def _in_metres(self, network, reach):
        from depthlib.models import ScaledDepth

        return ScaledDepth(network, **reach, tile=self.crop)

    def stream(self, data):
        """As in ``TrainConfig``, one window of each image."""
        from depthlib.training import SampleStream

        window = (self.crop, self.crop)
        return SampleStream(
            data, seed=self.seed, flip=self.flip, window=window
        )

    def recipe(self) -> "CropRun":
        """As in ``AdversarialRun``, with the smallest windows."""
        return replace(super().recipe(), crop=32)


class Squeezed(Dataset):
    """A data set whose samples are squeezed to one size; None leaves them.

    The picture as the network squeezes it, depth and mask at the nearest
    pixel.
    """

    def __init__(self, data, size: tuple[int, int] | None):
        self.data, self.size = data, size

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i: int) -> dict:
        from depthlib.data.transforms import resize
        from depthlib.models.scale import squeeze

        sample = self.data[i]
        if self.size is None:
            return sample
        image = squeeze(sample["image"][None], self.size)[0]
        return resize(sample, self.size) | {"image": image}
