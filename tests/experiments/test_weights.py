"""Networks in files: what goes in comes out, or is refused by name."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from depthlib.experiments import D3NetRun, DenseDepthRun
from depthlib.experiments.computed_run import ComputedRun
from depthlib.experiments.studies import KINDS
from depthlib.experiments.weights import load_weights, save_weights
from depthlib.training.inputs import inputs_of

SMALL = {"experiment": "t", "blocks": (1, 1, 1, 1), "size": (32, 64)}
CONFIGS = [
    D3NetRun(**SMALL),
    D3NetRun(**SMALL | {"blocks": None, "encoder": "resnet18"}),
    DenseDepthRun(**SMALL),
    DenseDepthRun(**SMALL, target="metric", decoder="transposed", bridge=0.5),
    DenseDepthRun(**SMALL, data="streets", elsewhere=("streets-b",)),
]
# And every other kind of run that trains a network, at its smallest.
TRAINING = [k for k in KINDS.values() if not issubclass(k, ComputedRun)]
OTHERS = [
    kind(experiment="t").recipe()
    for kind in TRAINING
    if kind not in (D3NetRun, DenseDepthRun)
]
IDS = ["d3net", "resnet", "reciprocal", "metric", "streets"]


def trained(config):
    """A network whose every number, counters too, differs from a new one."""
    model = config.build_model().train()
    for parameter in model.parameters():
        parameter.data += 0.01 * torch.randn_like(parameter)
    model(*example(model, 2, config.size))
    return model.eval()


def example(model, n, size):
    """Random inputs of a network, as many as it takes."""
    shapes = {"image": (n, 3, *size), "adjacent": (n, 2, 3, *size)}
    batch = {name: torch.rand(shape) for name, shape in shapes.items()}
    return inputs_of(model, batch)


@pytest.mark.parametrize(
    "config", CONFIGS + OTHERS, ids=IDS + [type(c).__name__ for c in OTHERS]
)
def test_every_kind_of_network_comes_back(config, tmp_path):
    model, path = trained(config), tmp_path / "new" / "w.safetensors"
    save_weights(path, model, config, {"note": [1, "two"]})
    back = load_weights(path)
    assert back.config == config and back.about == {"note": [1, "two"]}
    assert not back.model.training
    inputs = example(model, 1, config.size)
    with torch.no_grad():
        assert torch.equal(back.model(*inputs), model(*inputs))
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("config", CONFIGS[1:3], ids=IDS[1:3])
def test_half_a_file_is_rounded_once_and_counts_whole(config, tmp_path):
    model, path = trained(config), tmp_path / "w.safetensors"
    save_weights(path, model, config, {}, half=True)
    back = load_weights(path).model.state_dict()
    for name, value in model.state_dict().items():
        assert back[name].dtype == value.dtype
        if value.is_floating_point():
            assert torch.equal(back[name], value.half().float())
        else:
            assert torch.equal(back[name], value) and value > 0


def test_loading_trains_no_encoder_and_draws_no_random_number(
    tmp_path, monkeypatch
):
    from depthlib.experiments import pretraining

    config, path = CONFIGS[2], tmp_path / "w.safetensors"
    model = trained(config)
    save_weights(path, model, replace(config, pretrained=True), {})

    def never(config):
        raise AssertionError("an encoder was trained")

    monkeypatch.setattr(pretraining, "pretrained_encoder", never)
    state = torch.get_rng_state()
    back = load_weights(path)
    assert torch.equal(torch.get_rng_state(), state)
    assert back.config.pretrained
    for name, value in back.model.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e6])
def test_numbers_that_a_file_cannot_hold_are_named(value, tmp_path):
    config, path = CONFIGS[0], tmp_path / "w.safetensors"
    model = config.build_model()
    model.encoder.features.norm5.running_var[0] = value
    with pytest.raises(ValueError, match=r"norm5.running_var"):
        save_weights(path, model, config, {}, half=True)
    assert not path.exists()


def spoil(path, metadata=None, drop=None):
    """The file with other words, or without one of its tensors."""
    with safe_open(path, framework="pt") as file:
        words = file.metadata()
        tensors = {n: file.get_tensor(n) for n in file.keys()}  # noqa: SIM118
    tensors.pop(drop, None)
    save_file(tensors, path, metadata=words | (metadata or {}))


@pytest.mark.parametrize(
    "change, words",
    [
        ({"metadata": {"format": "other"}}, "format is 'other'"),
        ({"metadata": {"kind": "UNetRun"}}, "UNetRun"),
        ({"metadata": {"config": '{"colour": 1}'}}, "colour"),
        ({"metadata": {"config": "not json"}}, "does not build"),
        ({"drop": "head.weight"}, "does not build"),
    ],
)
def test_other_files_are_refused_in_one_line(change, words, tmp_path):
    config, path = CONFIGS[0], tmp_path / "w.safetensors"
    save_weights(path, config.build_model(), config, {})
    spoil(path, **change)
    with pytest.raises(ValueError, match=words) as error:
        load_weights(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_the_words_of_a_file_are_plain_values(tmp_path):
    config, path = CONFIGS[2], tmp_path / "w.safetensors"
    save_weights(path, config.build_model(), config, {"a": 1})
    with safe_open(path, framework="pt") as file:
        words = file.metadata()
    assert words["kind"] == "DenseDepthRun"
    assert json.loads(words["config"])["size"] == [32, 64]
    assert json.loads(words["about"]) == {"a": 1}
