"""The pages in a real browser, opened from disk."""

import pytest

from tools.browser import browser, chromium

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no Chromium on this machine"
)
PHONE, SCREEN = 390, 1280


@pytest.fixture(scope="module")
def tab():
    with browser() as tab:
        yield tab


@pytest.mark.parametrize("width", [PHONE, SCREEN])
def test_pages_fit_load_and_raise_nothing(html, tab, width):
    """No sideways scroll, no request but for files, no script error."""
    tab.size(width)
    for path in html:
        if path.name in ("genindex.html", "search.html"):
            continue
        tab.open(path, pause=0.2)
        wide = tab.js("document.documentElement.scrollWidth")
        away = [
            address
            for address in tab.requests()
            if not address.startswith(("file:", "data:", "blob:"))
        ]
        assert wide <= width, f"{path.name} is {wide} px wide"
        assert away == [], path
        assert tab.errors() == [], path


def test_dark_theme_leaves_colours_alone(html, tab, book):
    """No filter on a picture or canvas: colours mean depth and error."""
    tab.size(SCREEN)
    seen = 0
    for path in html:
        if "<img" not in html[path] and "<canvas" not in html[path]:
            continue
        tab.open(path)
        tab.js("document.documentElement.dataset.theme = 'dark'")
        filters = tab.js(
            "[...document.querySelectorAll('.bd-article img, "
            ".bd-article canvas')].flatMap(e => {const f = []; while (e) "
            "{f.push(getComputedStyle(e).filter, getComputedStyle(e)"
            ".mixBlendMode, getComputedStyle(e).opacity);"
            " e = e.parentElement} return f})"
        )
        assert set(filters) <= {"none", "normal", "1"}, path
        seen += len(filters)
    assert seen


def test_equations_are_typeset(html, tab, book):
    """Formulas become MathJax elements without a network."""
    pages = [p for p, text in html.items() if 'class="math ' in text]
    for path in pages[:3]:
        tab.open(path, pause=1.5)
        raw = tab.js(
            "[...document.querySelectorAll('.math')].filter("
            "e => !e.querySelector('mjx-container')).length"
        )
        assert raw == 0, path
    assert pages
