"""Finds the parts of a folder: every module in it that exports one agreed name.

Example::

    discover("ambra_tui.floor.flows", "FLOW")   # {'receive': <Flow>, ...}
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any


def module_names(package: str) -> list[str]:
    """Names of the public modules of `package`, sorted, without importing them."""
    path = importlib.import_module(package).__path__
    return sorted(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_"))


def discover(package: str, export: str) -> dict[str, Any]:
    """Module name -> what each module of `package` exports as `export`. Raises AttributeError where one does not."""
    return {name: getattr(importlib.import_module(f"{package}.{name}"), export) for name in module_names(package)}
