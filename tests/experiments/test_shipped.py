"""The recipe of the package's own weights, at toy size."""

from dataclasses import replace

import pytest
import torch

from depthlib.experiments import shipped
from depthlib.experiments.weights import load_weights

TOYS = tuple(
    replace(
        stage,
        data="rooms",
        n_train=8,
        samples=16,
        size=(32, 64),
        width=0.25,
        blocks=(1, 1, 1, 1),
    )
    for stage in shipped.STAGES
)


def test_the_recipe_ends_on_the_labelled_pairs_and_fits():
    assert [(s.data, s.style) for s in shipped.STAGES[:2]] == [
        ("rooms", "a"),
        ("rooms", "b"),
    ]
    assert shipped.STAGES[-1].data == "nyu"
    shapes = [
        {k: v.shape for k, v in stage.build_model().state_dict().items()}
        for stage in shipped.STAGES
    ]
    assert shapes[0] == shapes[1] == shapes[2]


def test_each_stage_begins_where_the_last_one_ended(tmp_path, monkeypatch):
    """Seen at the first step; and a stopped training goes on the same."""
    begun = []
    fit = shipped.fit

    def watched(model, *arguments, **named):
        begun.append({k: v.clone() for k, v in model.state_dict().items()})
        assert model.training
        return fit(model, *arguments, **named)

    monkeypatch.setattr(shipped, "fit", watched)
    whole = load_weights(shipped.train_stages(TOYS, tmp_path / "whole"))
    files = sorted((tmp_path / "whole").iterdir())
    assert [path.name[:2] for path in files] == ["1-", "2-", "3-"]
    for path, start in zip(files, begun[1:], strict=False):
        ended = load_weights(path).model.state_dict()
        assert all(torch.equal(ended[k], start[k]) for k in ended)
    told = whole.about["stages"]
    assert [s["data"]["name"] for s in told] == [
        "rooms-a/train",
        "rooms-b/train",
        "rooms-a/train",
    ]

    def stopped(model, data, config, **named):
        if config == TOYS[1]:
            raise KeyboardInterrupt
        return fit(model, data, config, **named)

    monkeypatch.setattr(shipped, "fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        shipped.train_stages(TOYS, tmp_path / "again")
    monkeypatch.setattr(shipped, "fit", fit)
    again = load_weights(shipped.train_stages(TOYS, tmp_path / "again"))
    for name, value in whole.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], value), name
