"""Write src/tenfold/reporting/vega.html: a page for charts with Vega's scripts within it.

`dvc plots` fills it in, so that its page needs no network; the report takes the scripts from there.
Run from the project's root, where npm is: `python docs/make_vega.py`.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).parent.parent / "src/tenfold/reporting/vega.html"
# package: its version, and the script for browsers.
SCRIPTS = {
    "vega": ("6.4.0", "build/vega.min.js"),
    "vega-lite": ("6.5.0", "build/vega-lite.min.js"),
    "vega-embed": ("7.3.0", "build/vega-embed.min.js"),
}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{{refresh_tag}}
<title>Plots</title>
<!-- scripts -->
{scripts}
<!-- end of scripts -->
</head>
<body>
{{plot_divs}}
</body>
</html>
"""


def main() -> None:
    """Fetch the packages and write the page."""
    scripts = [_script(name, version, path) for name, (version, path) in SCRIPTS.items()]
    TARGET.write_text(PAGE.format(scripts="\n".join(scripts)), encoding="utf-8")


def _script(name: str, version: str, path: str) -> str:
    """The script of a package, with its licence."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{name}@{version}", "--json", "--pack-destination", folder]
        ended = subprocess.run(command, check=True, capture_output=True, text=True)
        file = Path(folder, json.loads(ended.stdout)[0]["filename"])
        with tarfile.open(fileobj=io.BytesIO(file.read_bytes())) as package:
            code, licence = (_read(package, member) for member in (path, "LICENSE"))
    # What would end the script early, or change how it is read; within a text it means the same.
    safe = code.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    safe = re.sub(r"\n//# sourceMappingURL=.*", "", safe)
    # As it is checked in: the same property, in brackets.
    safe = re.sub(r"\.library\b", '["library"]', safe)
    return f"<script>\n/*! {name} {version}\n{licence.strip()}\n*/\n{safe.strip()}\n</script>"


def _read(package: tarfile.TarFile, member: str) -> str:
    held = package.extractfile(f"package/{member}")
    assert held is not None, f"the package has no {member}"
    return held.read().decode("utf-8")


if __name__ == "__main__":
    main()
