"""In a real browser, offline: sliders, clouds and colours in the dark."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import torch

from depthlib.figures import canvas, paper_ours_table, picture, point_cloud
from depthlib.figures.scrubber import Scrubber

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
CSS = Path(__file__).parents[2] / "book/_static/custom.css"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update "
    "--disable-sync --virtual-time-budget=4000 --dump-dom"
)
# The theme's own rule, which our style sheet has to undo.
THEME = (
    "html[data-theme=dark] img:not(.only-dark,.dark-light)"
    "{filter:brightness(.8) contrast(1.2)}"
)
# A headless page that is only dumped draws frames when it likes; a timer
# stands in for them.
CLOCK = "window.requestAnimationFrame = (f) => setTimeout(() => f(0), 20);"
PROBE = """
const found = {};
const slider = document.querySelector('.dl-scrub input');
const image = document.querySelector('.dl-scrub img');
found.before = image.src;
slider.value = 2;
slider.dispatchEvent(new Event('input'));
found.after = image.src;
found.alt = image.alt;
found.output = document.querySelector('.dl-scrub output').textContent;
found.spoken = slider.getAttribute('aria-valuetext');
found.filters = [...document.querySelectorAll('img')].map(
  (i) => getComputedStyle(i).filter);
const box = document.querySelector('.dl-scroll');
found.scrolls = box.scrollWidth > box.clientWidth;
found.wide = document.querySelector('#page').scrollWidth;
const cloud = document.querySelector('.dl-cloud canvas');
const sum = () => {
  const d = cloud.getContext('2d').getImageData(
    0, 0, cloud.width, cloud.height).data;
  let total = 0, seen = 0;
  for (let i = 0; i < d.length; i += 4) {
    seen += d[i + 3] > 0;
    total = (31 * total + d[i] + i * d[i + 3]) % 1000003;
  }
  return [total, seen / (d.length / 4)];
};
const press = (key) => {
  cloud.dispatchEvent(new KeyboardEvent('keydown', { key }));
  return new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => done(sum()))));
};
(async () => {
  found.front = await press('0');
  found.turned = await press('ArrowRight');
  found.home = await press('0');
  document.title = JSON.stringify(found);
})();
"""


def draw(c):
    fig, axis = canvas(width=3, height=2)
    axis.plot([0, 1], [0, c])
    axis.set_ylim(0, 1)
    return fig


@pytest.fixture(scope="module")
def scrubber():
    return Scrubber(
        draw, {"c": [0.1, 0.5, 1.0]}, {"c": 0.5}, "Line to {c}.", {"c": "c"}
    )


@pytest.fixture(scope="module")
def found(scrubber, tmp_path_factory):
    """What the probe saw on a page of 350 pixels in the dark theme."""
    if BROWSER is None:
        pytest.skip("no Chromium here; the page's scripts are not run")
    intrinsics = torch.tensor([[30.0, 0, 16], [0, 30, 12], [0, 0, 1]])
    names = ("abs_rel", "rmse", "log10", "delta1", "delta2", "delta3")
    rows = [
        {"method": "l1", "metric": m, "paper": 0.1, "ours": 0.2} for m in names
    ]
    parts = [
        picture(draw(1), "A rising straight line.").markup,
        scrubber.html().markup,
        point_cloud(
            torch.rand(3, 24, 32), 2 + torch.rand(24, 32), intrinsics
        ).markup,
        paper_ours_table(pd.DataFrame(rows)).markup,
    ]
    folder = tmp_path_factory.mktemp("browser")
    page = folder / "page.html"
    page.write_text(
        '<!doctype html><html data-theme="dark"><meta charset="utf-8">'
        f"<script>{CLOCK}</script><style>{THEME}</style><style>{CSS.read_text()}</style><body>"
        f'<div id="page" style="width:350px">{"".join(parts)}</div>'
        f"<script>{PROBE}</script></body></html>",
        encoding="utf-8",
    )
    run = subprocess.run(
        [
            BROWSER,
            *FLAGS.split(),
            f"--user-data-dir={folder / 'profile'}",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    title = re.search(r"<title>(.*?)</title>", run.stdout, re.S)
    assert title, "the page's scripts stopped before the end"
    return json.loads(html.unescape(title[1]))


def test_the_slider_changes_the_frame(found, scrubber):
    assert found["before"] == scrubber.frame(c=0.5)
    assert found["after"] == scrubber.frame(c=1.0)
    assert found["alt"] == "Line to 1."
    assert found["output"] == found["spoken"] == "1"


def test_the_dark_theme_leaves_colours_alone(found):
    assert found["filters"] == ["none", "none"]


def test_wide_tables_scroll_in_their_own_box(found):
    assert found["scrolls"]
    assert found["wide"] <= 350


def test_the_cloud_fills_the_view_and_turns(found):
    assert found["front"][1] > 0.9
    assert found["turned"] != found["front"]
    assert found["home"] == found["front"]
