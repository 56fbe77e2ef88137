"""The report in a real browser: everything renders, nothing is blocked, fetched, clipped or printed over."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from foldline.report.render import report_html
from tests.unit.foldline.sample_run import leaking_run, rejected_run, whole_run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
]
MEASURE = """
<pre id="measured"></pre><script>
const inside = (box, frame) => box.left >= frame.left - 1 && box.right <= frame.right + 1
  && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
const crossing = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
const found = {svgs: 0, drawn: 0, texts: 0, clipped: [], crossed: [], narrow: []};
for (const svg of document.querySelectorAll("svg")) {
  const frame = svg.getBoundingClientRect();
  const label = svg.getAttribute("aria-label").slice(0, 30);
  const texts = [...svg.querySelectorAll("text")].map((one) => [one.textContent, one.getBoundingClientRect()]);
  found.svgs += 1;
  found.drawn += frame.width > 100 && frame.height > 40 && texts.length > 2;
  found.texts += texts.length;
  texts.forEach(([told, box], place) => {
    if (!inside(box, frame)) found.clipped.push([label, told]);
    for (const [other, another] of texts.slice(place + 1)) if (crossing(box, another)) found.crossed.push([label, told, other]);
  });
}
for (const one of document.querySelectorAll(".tile, .steps li, .card > h3, .verdict, td.num"))
  if (one.scrollWidth > one.clientWidth + 1) found.narrow.push(one.textContent.trim().slice(0, 40));
addEventListener("load", () => {
found.loaded = performance.getEntriesByType("resource").map((one) => one.name);
found.overflow = document.documentElement.scrollWidth - window.innerWidth;
document.getElementById("measured").textContent = JSON.stringify(found);
});
</script>
"""

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium on PATH (Debian: apt-get install chromium)"
)


def browse(page: Path, *options: str) -> tuple[str, str]:
    """The page's DOM once its script has run, and what the browser logged."""
    profile = page.with_suffix(".profile")
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", *options, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, done.stderr


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_renders_as_it_is(tmp_path, scheme):
    """
    Under its own content policy the page shows its headline and ten plots, its script runs, and the browser
    has nothing to block and nothing to complain of.
    """
    page = tmp_path / "report.html"
    page.write_text(report_html(whole_run()), "utf-8")
    theme = f"--blink-settings=preferredColorScheme={int(scheme == 'light')}"
    dom, messages = browse(page, "--dump-dom", theme)
    assert "Live: endpoint flight-delays serves flight-delays version 3" in dom
    assert 10 == len(re.findall(r"<svg role=\"img\"", dom))
    assert '<th scope="col"><button type="button">Trial</button></th>' in dom
    assert [] == [
        line for line in messages.splitlines() if "Refused" in line or "violates" in line or "CONSOLE" in line
    ]


@pytest.mark.parametrize("width", [1240, 500])
@pytest.mark.parametrize("run", [whole_run, rejected_run, leaking_run])
def test_no_text_is_clipped_or_printed_over(tmp_path, run, width):
    """
    On a desk and on a phone, every label of every plot lies inside its plot and on no other label, every
    number fits its box, the page does not scroll sideways, and it loads nothing even where it might.
    """
    page = tmp_path / "measured.html"
    html = report_html(run())
    unguarded = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", html)
    page.write_text(unguarded.replace("</body>", MEASURE + "</body>"), "utf-8")
    dom, _ = browse(page, "--dump-dom", f"--window-size={width},2000")
    found = json.loads(unescape(re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL)[1]))
    assert found["svgs"] == found["drawn"] > 0
    assert found["texts"] > 10
    assert ([], [], []) == (found["clipped"], found["crossed"], found["narrow"])
    assert [] == found["loaded"]
    assert found["overflow"] <= 0


def test_dark_and_light_differ(tmp_path):
    """
    In dark mode the page is dark: the corner of the screenshot is darker than the text of the light one.
    """
    from PIL import Image

    page = tmp_path / "report.html"
    page.write_text(report_html(leaking_run()), "utf-8")
    corners = []
    for scheme in (1, 0):
        picture = tmp_path / f"{scheme}.png"
        browse(
            page,
            f"--blink-settings=preferredColorScheme={scheme}",
            f"--screenshot={picture}",
            "--window-size=900,700",
        )
        with Image.open(picture) as image:
            corners.append(sum(image.convert("RGB").getpixel((3, 3))))
    assert corners[0] > 3 * 200
    assert corners[1] < 3 * 60
