"""What the executed chapters hold: they ran, said nothing wrong, agree."""

import math
import re
from fnmatch import fnmatch
from pathlib import Path

import jupytext
import pytest
import yaml
from jupytext.config import load_jupytext_configuration_file

from depthlib.experiments import STUDIES
from depthlib.experiments.claim_runs import experiments
from depthlib.published import claims
from tools.book import Book, front_matter
from tools.cards import short
from tools.stamps import chapter_stamp

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = [page.name for page in Book(ROOT).pages() if page.runs]
BOUNDS = yaml.safe_load(Path(__file__).with_name("values.yaml").read_text())


def glued(notebook) -> dict:
    """Name to value of everything a notebook glues."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            about = output.get("metadata", {}).get("scrapbook")
            if about:
                kind = about.get("mime_prefix", "") + "text/plain"
                found[about["name"]] = output["data"][kind].strip("'\"")
    return found


def number(text: str) -> float | None:
    """The number that a value prints as, also inside ``np.float64(...)``."""
    found = re.fullmatch(r"(?:[\w.]+\()?([-+\d.e]+|nan|-?inf)\)?", text)
    return float(found[1]) if found else None


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_ran_on_todays_sources(book, runs, notebooks, name):
    run = runs[name]
    assert run["status"] == "ok", run["error"]
    assert run["seconds"] > 0
    assert run["stamp"] == chapter_stamp(book, book.page(name))


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_says_which_records_it_reads(sources, name):
    """Else a new record would not bring it up to date."""
    text = sources.page(name).text
    declared = sources.page(name).chapter.get("experiments")
    read = set(re.findall(r"(?:evidence|remake|load)\(([^)]*)\)", text))
    read = {word for call in read for word in re.findall(r'"([\w-]+)"', call)}
    read &= set(STUDIES) | {"guesses"}
    ids = set(re.findall(r"\b(?:D3|DD|CH|AV|SC)-C\d+\b", text))
    if "verdicts(" in text and ids:
        # A verdict is corrected for all claims of its part.
        parts = {c.part for c in claims() if c.id in ids}
        for claim in claims():
            if claim.part in parts:
                read |= set(experiments(claim)) | {"guesses"}
    if declared is not None:
        known = {n for n in read if any(fnmatch(n, d) for d in declared)}
        assert read <= known
        assert "verdicts()" not in text


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_looks_where_its_settings_say(sources, name):
    """The parameter cell promises that ``data_root`` counts."""
    text = sources.page(name).text
    given = text.index("\ndata_root = None")
    assert given < text.index("import", given)
    assert given < text.index("\nuse_data_root(data_root)\n")


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_cell_ran(notebooks, name):
    cells = [c for c in notebooks[name].cells if c.cell_type == "code"]
    assert cells
    assert all(cell.execution_count for cell in cells if cell.source.strip())


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_cell_wrote_to_stderr(notebooks, name):
    said = [
        output.text
        for cell in notebooks[name].cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert said == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_log_runs_over(notebooks, name):
    """A progress bar or a loop that prints would fill a page."""
    lengths = [
        len(output.text.splitlines())
        for cell in notebooks[name].cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    ]
    assert max(lengths, default=0) <= 60


@pytest.mark.parametrize("name", CHAPTERS)
def test_code_fits_the_page(sources, name):
    """Cells of at most 40 lines, none longer than 79 characters."""
    text = sources.page(name).text
    for code in re.findall(r"```\{code-cell\}.*?\n```", text, flags=re.S):
        lines = [ln for ln in code.splitlines()[1:-1] if ln[:1] != ":"]
        assert max(map(len, lines)) <= 79, code
        assert len(lines) <= 40, code


@pytest.mark.parametrize("name", CHAPTERS)
def test_glued_values_lie_in_their_bounds(notebooks, name):
    values = glued(notebooks[name])
    for key, text in values.items():
        value = number(text)
        assert value is None or math.isfinite(value), f"{key} is {text}"
    for key, (least, most) in BOUNDS.get(name, {}).items():
        assert key in values, f"{name} glues no {key}"
        assert least <= number(values[key]) <= most, f"{key}: {values[key]}"


def test_bounds_name_chapters_that_exist():
    assert set(BOUNDS) <= set(CHAPTERS)


@pytest.mark.parametrize("name", CHAPTERS)
def test_front_matter_is_complete(book, name):
    about = book.page(name).chapter
    assert set(about) <= {"question", "paper", "claims", "experiments"}
    assert about["question"].endswith("?")


def test_status_page_shows_what_ran(book, runs, notebooks):
    page = (book.html / "start" / "status.html").read_text()
    for name, run in runs.items():
        assert book.page(name).title in page
        assert run["date"] in page
        assert short(run["commit"]) in page


@pytest.mark.parametrize("name", CHAPTERS)
def test_saving_in_jupyterlab_changes_nothing(name):
    """A chapter is written the way jupytext writes it, but for key order."""
    config = load_jupytext_configuration_file(str(ROOT / "jupytext.toml"))
    page = Book(ROOT).page(name)
    notebook = jupytext.reads(page.text, fmt="md:myst", config=config)
    saved = jupytext.writes(notebook, fmt="md:myst", config=config)
    assert front_matter(saved, page.source) == page.meta
    assert saved.split("\n---\n", 1)[1] == page.text.split("\n---\n", 1)[1]
