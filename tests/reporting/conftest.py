"""Which tests of the reports this machine can run."""

from __future__ import annotations

from tests import browser

# A skipped test is a defect: what needs a browser is not collected without one.
collect_ignore = ["test_page_in_a_browser.py"] if browser.program() is None else []
