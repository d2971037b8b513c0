"""The house keeps its own rules: style, pins, files, commands."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from depthlib.experiments.profiles import PROFILES
from tools import book, environment, stamps

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Needs a GPU's driver to be of use; pinned where it is installed.
UNPINNED = {"triton"}
# The network that comes with the package.
WEIGHTS, WEIGHTS_BYTES = "densedepth-nyu.safetensors", 20 * 10**6


def requirements():
    extras = PROJECT["optional-dependencies"].values()
    lines = PROJECT["dependencies"] + [line for e in extras for line in e]
    return [Requirement(line) for line in lines]


def pins():
    text = (ROOT / "constraints.txt").read_text()
    lines = [ln for ln in text.splitlines() if ln and ln[0] != "#"]
    return {r.name: r.specifier for r in map(Requirement, lines)}


def git(*arguments):
    """Lines that git prints about the checkout."""
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip("not a git checkout: there is no list of its files")
    return done.stdout.splitlines()


@pytest.mark.parametrize("command", ["check", "format --check"])
def test_ruff_finds_nothing(command):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command.split(), "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_dependency_is_pinned_inside_its_range():
    pinned = pins()
    for wanted in requirements():
        if wanted.name in UNPINNED:
            continue
        assert wanted.name in pinned, f"{wanted.name} has no pin"
        version = next(iter(pinned[wanted.name])).version
        assert wanted.specifier.contains(version), (wanted, version)


def test_installed_versions_are_the_pinned_ones():
    """Local builds such as 2.13.0+cpu count as the version they build."""
    for name, pin in pins().items():
        version = metadata.version(name)
        assert pin.contains(version), f"{name} {version}, pinned {pin}"


def test_pinned_names_are_those_that_stamps_watch():
    assert sorted(stamps.pinned(ROOT)) == sorted(pins())


def test_environment_yml_says_what_pyproject_says():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    listed = conda["dependencies"]
    python = next(d for d in listed if str(d).startswith("python"))
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(
        PROJECT["requires-python"]
    )
    (pip,) = [d["pip"] for d in listed if isinstance(d, dict)]
    assert pip == [f"-e .[{environment.EXTRAS}]"]
    assert set(environment.EXTRAS.split(",")) <= set(
        PROJECT["optional-dependencies"]
    )


def test_python_range_is_one_everywhere():
    oldest = ".".join(map(str, environment.OLDEST))
    assert PROJECT["requires-python"] == f">={oldest}"


def test_core_runs_where_only_the_core_is_installed():
    """Nothing of the notebook stack is a dependency of the package."""
    core = {Requirement(line).name for line in PROJECT["dependencies"]}
    extra = PROJECT["optional-dependencies"]
    assert not core & {Requirement(r).name for r in extra["book"]}
    assert not core & {Requirement(r).name for r in extra["cluster"]}


def test_profiles_are_the_packages():
    assert tuple(PROFILES) == book.PROFILES


@pytest.mark.parametrize("name", ["make.py", "tools/environment.py"])
def test_what_runs_first_needs_the_standard_library_only(name):
    tree = ast.parse((ROOT / name).read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - {"tools"} <= sys.stdlib_module_names


def test_continuous_integration_calls_the_test_command():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111, ".ci/run is not executable"
    assert "make test" in script.read_text()
    workflows = sorted((ROOT / ".github/workflows").glob("*.yml"))
    texts = [path.read_text() for path in workflows]
    jobs = [yaml.safe_load(text)["jobs"] for text in texts]
    steps = [s for j in jobs for job in j.values() for s in job["steps"]]
    assert any(step.get("run") == ".ci/run" for step in steps)
    assert any("make book" in step.get("run", "") for step in steps)


def test_readme_commands_exist():
    """Every ``make`` target that the README names is in the Makefile."""
    named = set(re.findall(r"\bmake (\w+)", (ROOT / "README.md").read_text()))
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^(\w+):", makefile, flags=re.MULTILINE))
    assert {"book", "test", "lab", "serve"} <= named <= targets


def test_no_notebook_is_committed():
    assert [n for n in git("ls-files") if n.endswith(".ipynb")] == []


def test_no_large_file_is_committed():
    files = [ROOT / name for name in git("ls-files")]
    files = [path for path in files if path.exists()]
    large = {p.name: p.stat().st_size for p in files}
    assert large.pop(WEIGHTS, 0) <= WEIGHTS_BYTES
    assert [n for n, size in large.items() if size > 2 * 2**20] == []
    records = ROOT / "data" / "results"
    total = sum(p.stat().st_size for p in files if records in p.parents)
    assert total <= 25 * 10**6


def test_files_stay_short():
    long = {
        name: length
        for name in git("ls-files", "*.py")
        if (ROOT / name).exists()
        and (length := len((ROOT / name).read_text().splitlines())) > 400
    }
    assert long == {}


def test_loading_never_runs_code():
    """``torch.load`` only with ``weights_only=True``; no pickles, no shell."""
    bad = []
    for path in [*ROOT.glob("depthlib/**/*.py"), *ROOT.glob("tools/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            given = {k.arg: ast.unparse(k.value) for k in node.keywords}
            if called == "torch.load" and given.get("weights_only") != "True":
                bad.append((path.name, node.lineno))
            if called.startswith("pickle.") or "True" in (
                given.get("shell"),
                given.get("allow_pickle"),
            ):
                bad.append((path.name, node.lineno))
    assert bad == []


INCLUDED = re.compile(r"```\{literalinclude\} (\S+)\n((?:: *.*\n|:.*\n)*)")


@pytest.mark.parametrize(
    "page", sorted(p.relative_to(ROOT) for p in (ROOT / "book").rglob("*.md"))
)
def test_code_that_a_chapter_shows_exists(page):
    """A moved file or a renamed function must not leave a hole in a page."""
    text = (ROOT / page).read_text()
    for place, options in INCLUDED.findall(text):
        folder = ROOT if place.startswith("/") else (ROOT / page).parent
        source = (folder / place.lstrip("/")).read_text()
        for kind, value in re.findall(r":([\w-]+): (.+)", options):
            if kind == "pyobject":
                names = {
                    node.name
                    for node in ast.walk(ast.parse(source))
                    if isinstance(node, ast.ClassDef | ast.FunctionDef)
                }
                assert set(value.split(".")) <= names, (place, value)
            elif kind.startswith(("start", "end")):
                assert value in source, (place, value)
