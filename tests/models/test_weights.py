"""Official weights: what is asked for, what is loaded, what can fail."""

from urllib.error import URLError

import pytest
import torch

from depthlib.models import DenseNetEncoder, ResNetEncoder


@pytest.fixture
def offered(monkeypatch):
    """Puts a state dict in the place of the download; records the call."""
    calls = []

    def offer(result):
        def load(url, **options):
            calls.append((url, options))
            if isinstance(result, Exception):
                raise result
            return dict(result)

        monkeypatch.setattr(torch.hub, "load_state_dict_from_url", load)
        return calls

    return offer


def official(encoder, depth, prefix):
    """A state dict as the official files have it, classifier included."""
    state = encoder(depth).state_dict()
    width = 1024 if encoder is DenseNetEncoder else 512
    state[f"{prefix}.weight"] = torch.zeros(1000, width)
    state[f"{prefix}.bias"] = torch.zeros(1000)
    return state


@pytest.mark.parametrize("pool", ["max", "conv"])
@pytest.mark.parametrize(
    ("encoder", "depth", "prefix", "file"),
    [
        (DenseNetEncoder, 121, "classifier", "densenet121-a639ec97.pth"),
        (ResNetEncoder, 18, "fc", "resnet18-f37072fd.pth"),
    ],
)
def test_official_weights(offered, encoder, depth, prefix, file, pool):
    state = official(encoder, depth, prefix)
    calls = offered(state)
    network = encoder(depth, weights="imagenet", pool=pool)
    ((url, options),) = calls
    assert url == "https://download.pytorch.org/models/" + file
    assert options["check_hash"] is True
    assert options["weights_only"] is True
    loaded = network.state_dict()
    for key in set(state) & set(loaded):
        assert torch.equal(loaded[key], state[key]), key
    extra = {key for key in loaded if key not in state}
    assert all("pool" in key for key in extra)
    assert bool(extra) == (pool == "conv")


def test_old_dense_names_are_translated(offered):
    """Official DenseNet files say norm.1 where torchvision says norm1."""
    state = official(DenseNetEncoder, 121, "classifier")
    old = {}
    for key, value in state.items():
        for part in ("norm1", "norm2", "conv1", "conv2"):
            if "denselayer" in key:
                key = key.replace(f".{part}.", f".{part[:4]}.{part[4]}.")
        old[key] = value
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    offered(old)
    loaded = DenseNetEncoder(weights="imagenet").state_dict()
    for key, value in loaded.items():
        assert torch.equal(value, state[key]), key


def test_full_state_dicts_load_strictly_also_inside_another_module():
    state = official(ResNetEncoder, 18, "fc")
    ResNetEncoder(18).load_state_dict(state)
    outer = torch.nn.ModuleDict({"encoder": ResNetEncoder(18)})
    outer.load_state_dict({f"encoder.{k}": v for k, v in state.items()})
    loaded = outer["encoder"].layer3[1].conv2.weight
    assert torch.equal(loaded, state["layer3.1.conv2.weight"])
    assert "fc.weight" in state


def test_offline(offered):
    offered(URLError("Name or service not known"))
    with pytest.raises(FileNotFoundError, match="weights=None") as error:
        ResNetEncoder(50, weights="imagenet")
    assert "resnet50-0676ba61.pth" in str(error.value)


def test_a_damaged_download(offered):
    offered(RuntimeError('invalid hash value (expected "a", got "b")'))
    with pytest.raises(ValueError, match="pinned hash"):
        DenseNetEncoder(weights="imagenet")


def test_weights_of_the_wrong_network(offered):
    state = official(ResNetEncoder, 18, "fc")
    del state["layer2.0.bn1.weight"]
    offered(state)
    with pytest.raises(ValueError, match=r"layer2\.0\.bn1\.weight"):
        ResNetEncoder(18, weights="imagenet")
