"""The pages in a real browser, opened from disk."""

import pytest

from tools.browser import chromium, inspect

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="no Chromium on this machine"
)
PHONE, SCREEN = 390, 1280
LOCAL = ("file:", "data:", "blob:")
FILTERS = """
[...document.querySelectorAll('.bd-article img, .bd-article canvas')]
  .flatMap((element) => {
    const found = [];
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      found.push(style.filter, style.mixBlendMode, style.opacity);
    }
    return found;
  })
"""
RAW = """
[...document.querySelectorAll('.math')]
  .filter((e) => !e.querySelector('mjx-container')).length
"""


@pytest.fixture(scope="module")
def pages(html):
    """Pages with content of our own."""
    made = ("genindex.html", "search.html")
    return {p: text for p, text in html.items() if p.name not in made}


@pytest.mark.parametrize("width", [PHONE, SCREEN])
def test_pages_fit_load_and_raise_nothing(pages, width):
    """No sideways scroll, no request but for files, no script error."""

    def look(tab):
        tab.size(width)
        found = {}
        for path in pages:
            tab.open(path, pause=0.2)
            wide = tab.js("document.documentElement.scrollWidth")
            found[path] = wide, tab.requests(), tab.errors()
        return found

    for path, (wide, requests, errors) in inspect(look).items():
        assert wide <= width, f"{path} is {wide} px wide"
        assert requests, path
        away = [a for a in requests if not a.startswith(LOCAL)]
        assert away == [], path
        assert errors == [], path


def test_dark_theme_leaves_colours_alone(pages):
    """No filter on a picture or canvas: colours mean depth and error."""

    def look(tab):
        tab.size(SCREEN)
        found = {}
        for path, text in pages.items():
            if "<img" in text or "<canvas" in text:
                tab.open(path)
                tab.js("document.documentElement.dataset.theme = 'dark'")
                found[path] = tab.js(FILTERS)
        return found

    seen = inspect(look)
    assert any(seen.values())
    for path, filters in seen.items():
        assert set(filters) <= {"none", "normal", "1"}, path


def test_equations_are_typeset(pages):
    """Formulas become MathJax elements without a network."""
    mathematical = [p for p, text in pages.items() if 'class="math ' in text]

    def look(tab):
        found = {}
        for path in mathematical:
            tab.open(path, pause=1)
            tab.js("MathJax.startup.promise.then(() => 0)")
            found[path] = tab.js(RAW)
        return found

    left = inspect(look)
    assert mathematical
    assert set(left.values()) == {0}, left
