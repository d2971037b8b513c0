"""The pipeline's logic on a tiny book of its own."""

import json
import textwrap
from types import SimpleNamespace

import nbformat
import pytest

from tools import cards, render, schedule, stage
from tools.book import Book, BookError
from tools.cards import not_run, under_title
from tools.pages import fill, reference
from tools.stamps import chapter_stamp

HEAD = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
chapter:
  question: Does it run?
  experiments: [mine]
---

# {title}

```{{code-cell}} python
:tags: [parameters]

profile = "none"
```

```{{code-cell}} python
{code}
```
"""
FACTS = {"commit": "abc", "device": "CPU", "torch": "2", "python": "3"}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))


@pytest.fixture
def tiny(tmp_path):
    """A book of one good chapter, a failing one and a plain page."""
    return tiny_book(tmp_path)


def tiny_book(tmp_path):
    write(
        tmp_path / "_toc.yml",
        """\
        format: jb-book
        root: index
        parts:
          - caption: One
            chapters:
              - file: one/good
              - file: one/bad
        """,
    )
    write(tmp_path / "book/index.md", "# Tiny\n\n<!-- generated: status -->\n")
    good = HEAD.format(title="Good", code="print(profile)")
    bad = HEAD.format(title="Bad", code="x = 1\nraise ValueError('no luck')")
    write(tmp_path / "book/one/good.md", good)
    write(tmp_path / "book/one/bad.md", bad)
    write(tmp_path / "book/_static/a.css", "p {}")
    write(tmp_path / "constraints.txt", "pyyaml==6\n")
    write(
        tmp_path / "depthlib/__init__.py",
        '"""A package."""\nfrom depthlib.losses import l1\n',
    )
    write(
        tmp_path / "depthlib/geometry.py",
        '"""Cameras."""\n\n\ndef project():\n    """Where ``a | b`` is."""\n',
    )
    write(tmp_path / "data/results/study/mine/a.json", "{}")
    write(tmp_path / "data/results/study/other/b.json", "{}")
    write(tmp_path / "data/published/claims.yaml", "[]")
    return Book(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The tiny book after one run of its chapters, and the run's facts."""
    book = tiny_book(tmp_path_factory.mktemp("tiny"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "machine_facts", lambda book: FACTS)
        return book, schedule.run_chapters(book, book.pages()[1:], jobs=2)


def stamp(book, name="one/good"):
    return chapter_stamp(book, book.page(name))


def test_pages_follow_the_table_of_contents(tiny):
    names = [page.name for page in tiny.pages()]
    assert names == ["index", "one/good", "one/bad"]
    assert [page.runs for page in tiny.pages()] == [False, True, True]
    assert tiny.page("one/good").title == "Good"


def test_a_missing_page_is_named(tiny):
    (tiny.root / "book/one/bad.md").unlink()
    with pytest.raises(BookError, match="one/bad"):
        tiny.pages()


def test_an_unknown_profile_lists_those_there_are(tiny):
    with pytest.raises(BookError, match="smoke, quick, study, gpu, paper"):
        Book(tiny.root, "fast")


@pytest.mark.parametrize(
    "path, changes",
    [
        ("book/one/good.md", True),
        ("book/one/bad.md", False),
        ("depthlib/geometry.py", True),
        ("depthlib/new.py", True),
        ("depthlib/figures/assets/cloud.js", True),
        ("depthlib/__pycache__/geometry.pyc", False),
        ("data/published/claims.yaml", True),
        ("data/manifests/nyu.json", True),
        ("data/results/study/mine/new.json", True),
        ("data/results/study/other/b.json", False),
        ("data/results/smoke/mine/c.json", False),
        ("data/generated/rooms.npy", False),
        ("data/external/nyu.mat", False),
        ("constraints.txt", True),
    ],
)
def test_a_stamp_changes_with_what_the_chapter_depends_on(tiny, path, changes):
    before = stamp(tiny)
    path = tiny.root / path
    old = path.read_text() if path.exists() else ""
    write(path, old + "\nnumpy==2\n" if "constraints" in path.name else "new")
    if path.name == "good.md":
        write(path, old + "\nMore.\n")
    assert (stamp(tiny) != before) == changes


def test_verdicts_are_judged_anew_where_their_records_change(
    tiny, monkeypatch
):
    """At the profile of the records as well, which its chapters write."""
    found = iter([{"A": "supported"}, {"A": "contradicted"}])
    monkeypatch.setattr(cards, "_judge", lambda: next(found))
    book, page = (
        Book(tiny.root, "study"),
        SimpleNamespace(chapter={"claims": ["A"]}),
    )
    assert cards.all_verdicts(book, [page]) == {"A": "supported"}
    assert cards.all_verdicts(book, [page]) == {"A": "supported"}
    write(tiny.root / "data/results/study/mine/new.json", "{}")
    assert cards.all_verdicts(book, [page]) == {"A": "contradicted"}


def test_a_stamp_changes_with_profile_seed_and_data(tiny):
    variants = [
        Book(tiny.root),
        Book(tiny.root, "quick"),
        Book(tiny.root, seed=1),
        Book(tiny.root, data_root="elsewhere"),
    ]
    assert len({stamp(book) for book in variants}) == len(variants)


def test_a_good_chapter_leaves_a_notebook_and_facts(built):
    book, runs = built
    run = runs["one/good"]
    assert run["status"] == "ok"
    assert run["seconds"] > 0
    assert run["peak_memory_mb"] > 10
    assert run["commit"] == FACTS["commit"]
    notebook = nbformat.read(book.runs / "one/good.ipynb", as_version=4)
    assert notebook.cells[-1].outputs[0].text == "smoke\n"
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    assert ["injected-parameters", "remove-cell"] in tags


def test_a_failed_chapter_is_told_and_leaves_no_notebook(built):
    book, runs = built
    told = schedule.report(runs["one/bad"], "smoke")
    assert "one/bad (cell 2, line 20 of book/one/bad.md)" in told
    assert "ValueError: no luck" in told
    assert "python make.py chapter one/bad --profile smoke" in told
    left = {p.name for p in book.runs.rglob("*") if p.is_file()}
    assert left == {"good.ipynb", "good.json", "bad.json"}


def test_a_second_build_runs_only_what_failed_or_changed(built, monkeypatch):
    book, runs = built
    ran = []

    def pretend(book, page, facts):
        ran.append(page.name)
        return runs[page.name]

    monkeypatch.setattr(schedule, "machine_facts", lambda book: FACTS)
    monkeypatch.setattr(schedule, "run_one", pretend)
    chapters = book.pages()[1:]
    assert schedule.run_chapters(book, chapters, jobs=1) == runs
    assert ran == ["one/bad"]

    source = book.root / "book/one/good.md"
    text = source.read_text()
    source.write_text(text + "\nMore.\n")
    schedule.run_chapters(book, book.pages()[1:], jobs=1)
    source.write_text(text)
    assert ran == ["one/bad", "one/good", "one/bad"]


def test_staged_pages_show_the_card_or_why_there_is_none(built):
    book, runs = built
    stage.stage(book, book.pages(), runs)
    source = book.build / "source"
    bad = nbformat.read(source / "one/bad.ipynb", as_version=4)
    assert "This chapter did not run" in bad.cells[0].source
    assert "no luck" in bad.cells[0].source
    assert all(not cell.get("outputs") for cell in bad.cells)
    good = nbformat.read(source / "one/good.ipynb", as_version=4)
    assert "Does it run?" in good.cells[0].source
    assert "chapter-card" in good.cells[0].source
    assert (source / "_notebooks/one/good.ipynb").exists()
    table = (source / "index.md").read_text()
    assert "**failed**" in table
    assert "{doc}`Good </one/good>`" in table


def test_a_chapter_without_parameters_is_told(tiny):
    page = tiny.root / "book/one/good.md"
    write(page, page.read_text().replace(":tags: [parameters]\n", ""))
    run = schedule.run_one(tiny, tiny.page("one/good"), FACTS)
    assert run["status"] == "failed"
    assert "no cell tagged 'parameters'" in run["error"]["lines"][-1]


def test_a_process_that_dies_is_reported(tiny, monkeypatch):
    monkeypatch.setattr(schedule.sys, "executable", "/bin/false")
    run = schedule.run_one(tiny, tiny.page("one/good"), FACTS)
    assert run["status"] == "failed"
    assert "status 1" in schedule.report(run, "smoke")
    assert "This chapter did not run" in not_run(
        tiny.page("one/good"), run, "smoke"
    )


def test_strays_of_removed_chapters_go(tiny):
    write(tiny.runs / "one/good.json", "{}")
    write(tiny.runs / "one/gone.json", "{}")
    schedule.remove_strays(tiny, tiny.pages()[1:])
    assert [p.name for p in tiny.runs.rglob("*.json")] == ["good.json"]


def test_a_half_written_record_of_a_run_is_not_good(tiny):
    notebook, facts = schedule.paths(tiny, tiny.page("one/good"))
    write(facts, json.dumps({"status": "ok", "stamp": stamp(tiny)}))
    assert schedule.outcome(tiny, tiny.page("one/good")) is None
    write(notebook, "{}")
    assert schedule.outcome(tiny, tiny.page("one/good")) is not None


def test_sync_touches_only_what_changed(tmp_path):
    stage.sync(tmp_path, {"a/b.md": b"one", "c.md": b"two"})
    before = (tmp_path / "c.md").stat().st_mtime_ns
    stage.sync(tmp_path, {"a/b.md": b"new", "c.md": b"two"})
    assert (tmp_path / "a/b.md").read_bytes() == b"new"
    assert (tmp_path / "c.md").stat().st_mtime_ns == before
    stage.sync(tmp_path, {"c.md": b"two"})
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["c.md"]


def test_includes_of_the_package_find_its_staged_source():
    line = "```{literalinclude} ../../depthlib/geometry.py\n:pyobject: a"
    staged = stage.from_source(line)
    assert staged.startswith("```{literalinclude} /depthlib/geometry.py\n")
    assert stage.from_source(staged) == staged


def test_pages_of_removed_chapters_go(tmp_path):
    for name in ("a.html", "one/b.html", "search.html", "_static/c.html"):
        write(tmp_path / "html" / name, "")
    write(tmp_path / "source/one/b.ipynb", "{}")
    render.remove_old_pages(tmp_path / "html", tmp_path / "source")
    left = {p.name for p in (tmp_path / "html").rglob("*.html")}
    assert left == {"b.html", "search.html", "c.html"}


def test_additions_stand_under_the_title():
    text = "(label)=\n# Title\n\nText"
    assert under_title(text, "BOX").splitlines()[1:4] == ["# Title", "", "BOX"]
    with pytest.raises(BookError, match="begins with"):
        under_title("no heading", "BOX")


def test_reference_lists_public_names(tiny):
    text = reference(tiny.root)
    assert "## depthlib.geometry" in text
    assert "| `project` | Where `a | b` is. |" in text.replace("\\|", "|")


def test_an_unknown_generated_part_is_named(tiny):
    write(tiny.root / "book/index.md", "# T\n\n<!-- generated: other -->\n")
    with pytest.raises(BookError, match="'other'"):
        fill(tiny.page("index"), tiny, {})
