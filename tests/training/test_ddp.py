"""Two processes, one training: the numbers of a single process."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from toys import Scenes, Tiny, config

from depthlib.training import fit

SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
import torch
from lightning.fabric import Fabric
from toys import Scenes, Tiny, config
from depthlib.training import fit
torch.set_num_threads(1)
fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp")
fabric.launch()
model = Tiny()
fit(model, Scenes(10), config(samples=80), fabric=fabric)
if fabric.global_rank == 0:
    torch.save(model.state_dict(), sys.argv[1])
"""


def test_two_processes_agree_with_one_after_twenty_steps(tmp_path):
    # Tiny has no batch norm. With it the statistics of a half batch differ
    # from those of the whole one, and the weights part from the first step.
    script, weights = tmp_path / "ddp.py", tmp_path / "w.pt"
    script.write_text(SCRIPT.format(folder=str(Path(__file__).parents[1])))
    done = subprocess.run(
        [sys.executable, str(script), str(weights)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    alone = Tiny()
    history = fit(alone, Scenes(10), config(samples=80))
    assert len(history.losses) == 20
    together = torch.load(weights, weights_only=True)
    for name, value in alone.state_dict().items():
        assert value == pytest.approx(together[name], abs=1e-5)
