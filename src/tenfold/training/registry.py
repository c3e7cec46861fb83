"""From a name in a registry to the torch function or class it stands for."""

from __future__ import annotations

import functools
import pkgutil
from typing import Any


@functools.cache
def resolve(path: str) -> Any:
    """The object at `package.module:name`.

    >>> resolve("math:sqrt")(9.0)
    3.0
    """
    return pkgutil.resolve_name(path)
