"""Values as YAML on one line."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any


def flow(value: Any) -> str:
    """A value as YAML on one line; text that YAML could take for something else is quoted."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, Mapping):
        if set(value) == {"type"}:
            return flow(value["type"])
        return f"{{{', '.join(f'{flow(key)}: {flow(one)}' for key, one in value.items())}}}"
    if not isinstance(value, str):
        return _dumped(value)
    text = _dumped(value)
    quoted = text.startswith("'") or not re.match("[A-Za-z_]", text)
    return _dumped(DoubleQuotedScalarString(value)) if quoted else text


def _dumped(scalar: Any) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedSeq

    yaml = YAML()
    yaml.width = 1_000_000
    listed = CommentedSeq([scalar])
    listed.fa.set_flow_style()
    text = io.StringIO()
    yaml.dump(listed, text)
    return text.getvalue().strip()[1:-1]
