"""The package's floors: imports run downwards only, and cost little."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "depthlib"
FLOORS = [
    {"checks", "writing"},
    {"geometry", "kernels"},
    {"metrics", "losses", "models"},
    {"data"},
    {"training"},
    {"published"},
    {"experiments"},
    {"figures", "exercises", "pointcloud", "predict", "weights"},
    {"cli"},
]
FLOOR = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
# Rooms of one floor that do not know each other; the rest may.
STRANGERS = [("losses", "metrics"), ("losses", "models")]
HEAVY = ("lightning", "pandas", "skimage", "numba", "matplotlib", "h5py")


def imports():
    """(file, its room, the room it imports) over the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        room = inside.parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{inside}: a relative import"
                names = [f"{node.module}.{a.name}" for a in node.names]
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                parts = name.split(".")
                if parts[0] == "depthlib" and len(parts) > 1:
                    yield inside, room, parts[1]


def test_every_room_has_a_floor():
    rooms = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.name[0] != "_" and (path.is_dir() or path.suffix == ".py")
    }
    assert rooms <= set(FLOOR)


def test_imports_run_downwards():
    upwards = [
        f"{path} imports depthlib.{target}"
        for path, room, target in imports()
        if room in FLOOR and target in FLOOR and FLOOR[room] < FLOOR[target]
    ]
    assert upwards == []


@pytest.mark.parametrize("room, other", STRANGERS)
def test_losses_know_neither_metrics_nor_models(room, other):
    met = [p for p, r, target in imports() if (r, target) == (room, other)]
    assert met == []


@pytest.mark.parametrize(
    "room", ["geometry", "kernels", "losses", "models", "data", "cli"]
)
def test_import_is_light(room):
    """What everyone imports brings no heavy package, and is fast.

    Processor time, so that a busy machine does not fail the test.
    """
    code = (
        "import sys, time, torch; began = time.process_time()\n"
        f"import depthlib.{room}\n"
        "print(time.process_time() - began)\n"
        f"print(*[n for n in {HEAVY} if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    seconds, loaded = done.stdout.splitlines()
    assert loaded == ""
    assert float(seconds) < 1
