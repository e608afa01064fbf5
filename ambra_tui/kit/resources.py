"""Where the data files lie: inside an installed package, else beside the checkout's package.

Example::

    data_path("gs1/application_identifiers.tsv").read_text()
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def data_path(name: str = "") -> Path:
    """The path of a data file or folder. Raises FileNotFoundError when the product was installed without it."""
    for root in (_PACKAGE / "data", _PACKAGE.parent / "data"):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"data file '{name}' is missing from this installation")


def docs_path() -> Path:
    """The folder of documentation pages (Markdown)."""
    return _PACKAGE / "docs"
