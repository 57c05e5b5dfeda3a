"""Pictures of what users see, to be looked at: ``python tests/pictures.py [DIR]`` (default build/pictures).

The report in light, dark, on a phone and on paper; every chart alone; the notebooks as exported HTML; and the
README's picture of the report.
"""

import base64
import io
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402

from kubenetlab import charts, sample  # noqa: E402
from kubenetlab.ipam.range_use import node_use, range_occupancy  # noqa: E402
from kubenetlab.report import write_report  # noqa: E402
from tests.e2e.browser import Visit, chromium  # noqa: E402

README_PICTURE = ROOT / ".github" / "report.png"
README_HALF_PX = (960, 1040)
CHARTS = {charts.address_map: range_occupancy, charts.pods_per_node: node_use}


def picture_of(browser, html, target, **options):
    with Visit(browser, html, **options) as visit:
        visit.page.screenshot(path=target, full_page=True)


def pictures_of_print(browser, html, folder):
    with Visit(browser, html) as visit:
        pdf = folder / f"{html.stem}-print.pdf"
        pdf.write_bytes(visit.page.pdf(format="A4", print_background=True))
    if shutil.which("pdftoppm"):
        subprocess.run(["pdftoppm", "-r", "80", "-png", pdf, pdf.with_suffix("")], check=True)


def pictures_of_report(browser, name, folder):
    html = write_report(sample(name), folder / f"{name}.html", title=f"Network report: {name}")
    picture_of(browser, html, folder / f"{name}-light.png")
    picture_of(browser, html, folder / f"{name}-dark.png", scheme="dark")
    picture_of(browser, html, folder / f"{name}-phone.png", width=390)
    pictures_of_print(browser, html, folder)


def pictures_of_charts(name, folder):
    for chart, result in CHARTS.items():
        data, _ = chart(result(sample(name)))._repr_mimebundle_()
        (folder / f"{name}-{chart.__name__}.png").write_bytes(base64.b64decode(data["image/png"]))


def pictures_of_notebook(browser, path, folder):
    from kubenetlab.report.exporter import Exporter

    html = folder / f"{path.stem}.html"
    html.write_text(Exporter().from_filename(str(path))[0], "utf-8")
    picture_of(browser, html, html.with_suffix(".png"))
    picture_of(browser, html, folder / f"{path.stem}-dark.png", scheme="dark")
    pictures_of_print(browser, html, folder)


def readme_picture(browser, html):
    """The summary on light and the addresses on dark paper, side by side."""
    width, height = README_HALF_PX
    both = Image.new("RGB", (2 * width, height))
    for number, (scheme, anchor) in enumerate((("light", "body"), ("dark", "#addresses"))):
        with Visit(browser, html, scheme=scheme, width=width) as visit:
            visit.page.set_viewport_size({"width": width, "height": height})
            visit.page.evaluate(f"document.querySelector('{anchor}').scrollIntoView()")
            both.paste(Image.open(io.BytesIO(visit.page.screenshot())), (number * width, 0))
    both.quantize(colors=256, dither=Image.Dither.NONE).save(README_PICTURE, optimize=True)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name in ("shop", "platform"):
            pictures_of_report(browser, name, folder)
            pictures_of_charts(name, folder)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            pictures_of_notebook(browser, path, folder)
        readme_picture(browser, folder / "shop.html")
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}; the README's is {README_PICTURE}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/pictures"))
