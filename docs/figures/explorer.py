"""Draws docs/figures/explorer.png: the explorer of a run file, as Chromium shows it.

    python docs/figures/explorer.py APICAL RUN.h5

Needs what tests/browser/requirements.txt lists, and Chromium.
"""

import io
import re
import subprocess
import sys

from PIL import Image
from playwright.sync_api import sync_playwright

OUT = "docs/figures/explorer.png"
QUIET = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}


def main(apical, run):
    with subprocess.Popen([apical, "view", run], **QUIET) as server, sync_playwright() as playwright:
        url = re.search(r"http://\S+", server.stdout.readline())[0]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(url)
        page.wait_for_selector("#traces canvas")
        box = page.locator("#raster").bounding_box()
        page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.45 * box["height"])
        page.wait_for_timeout(1500)
        picture = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
        server.terminate()
    picture.convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE).save(OUT, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: explorer.py APICAL RUN.h5")
    main(*sys.argv[1:])
