"""The rendered pages need no network and say what their figures show."""

import re
from html.parser import HTMLParser

ELSEWHERE = re.compile(r"^(https?:)?//", flags=re.IGNORECASE)
# Attributes whose address a browser loads by itself; <a href> is a choice.
LOADS = {
    "audio": ["src"],
    "embed": ["src"],
    "iframe": ["src"],
    "img": ["src", "srcset"],
    "input": ["src"],
    "object": ["data"],
    "script": ["src"],
    "source": ["src", "srcset"],
    "track": ["src"],
    "video": ["src", "poster"],
}
LINKS = {"stylesheet", "icon", "preload", "modulepreload", "prefetch"}
LINKS |= {"preconnect", "dns-prefetch", "manifest", "shortcut"}


class Loads(HTMLParser):
    """Addresses that a page loads, and the alt text of its pictures."""

    def __init__(self, text: str):
        super().__init__()
        self.found, self.pictures, self.styles = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.found += [given.get(a) for a in LOADS.get(tag, [])]
        if tag == "link" and LINKS & set(given.get("rel", "").split()):
            self.found.append(given.get("href"))
        if tag == "img":
            self.pictures.append(given)
        self.styles.append(given.get("style") or "")


def outside(css: str) -> list[str]:
    """Addresses of other machines that a style sheet loads."""
    urls = re.findall(r"url\(\s*['\"]?([^'\")]+)", css)
    urls += re.findall(r"@import\s+['\"]([^'\"]+)", css)
    return [url for url in urls if ELSEWHERE.match(url)]


def test_a_page_that_asks_the_network_is_caught():
    page = Loads(
        '<script src="https://x.org/a.js"></script><img src="//x.org/b.png">'
        '<link rel="stylesheet" href="https://x.org/c.css">'
        '<link rel="canonical" href="https://x.org"><a href="https://x.org">'
    )
    assert sum(bool(ELSEWHERE.match(a or "")) for a in page.found) == 3
    assert outside("a{b:url( 'https://x.org/d.woff')}") != []
    assert outside("@import '//x.org/e.css';") != []
    assert outside("a{b:url(data:image/png;base64,//x)}") == []


def test_no_page_loads_anything_from_elsewhere(html):
    for path, text in html.items():
        page = Loads(text)
        away = [a for a in page.found if a and ELSEWHERE.match(a)]
        styles = re.findall(r"<style[^>]*>(.*?)</style>", text, flags=re.S)
        assert away == [], path
        assert outside("\n".join(styles + page.styles)) == [], path


def test_no_style_sheet_loads_anything_from_elsewhere(book, html):
    sheets = sorted(book.html.rglob("*.css"))
    assert sheets
    for path in sheets:
        assert outside(path.read_text(errors="replace")) == [], path


def test_every_picture_has_a_text_alternative(html):
    """Some words, not only a file name or "image"."""
    for path, text in html.items():
        for picture in Loads(text).pictures:
            if "logo" in picture.get("class", ""):
                continue
            alt = (picture.get("alt") or "").strip()
            assert len(alt.split()) >= 3, f"{path}: {picture.get('src')[:60]}"


def test_no_page_shows_a_traceback(html):
    for path, text in html.items():
        assert "Traceback (most recent call last)" not in text, path
        assert "This chapter did not run" not in text, path


def test_no_page_shows_an_object_by_its_address(html):
    """As a cell does whose last value nobody meant to see."""
    for path, text in html.items():
        assert not re.search(r"&lt;[^&<>]* at 0x[0-9a-f]+&gt;", text), path


def test_every_chapter_offers_its_notebook(book, runs):
    for name in runs:
        text = (book.html / f"{name}.html").read_text()
        links = re.findall(r'href="([^"]+\.ipynb)"', text)
        page = (book.html / f"{name}.html").parent
        assert any((page / link).is_file() for link in links), name


def test_local_links_lead_somewhere(book, html):
    """Pages, downloads and files that pages point at are there."""
    for path, text in html.items():
        for link in re.findall(r'(?:href|src)="([^"]+)"', text):
            name = re.split(r"[?#]", link)[0]
            if not name or re.match(r"\w+:|//", name):
                continue
            assert (path.parent / name).exists(), f"{path}: {link}"
