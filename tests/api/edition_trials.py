"""Trials of the editions that have a folder of them: a module for each noun. See `two_organizations`."""

from __future__ import annotations

import importlib
from types import ModuleType

from ambra_tui.api.edition import Edition, Operation
from ambra_tui.kit.discover import module_names
from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

FOLDERS = {"ambra": "tests.api.ambra_trials", "commerce": "tests.api.commerce_trials"}
_MODULES: list[tuple[str, ModuleType]] = [
    (edition, importlib.import_module(f"{folder}.{name}"))
    for edition, folder in FOLDERS.items()
    for name in module_names(folder)
]

EDITION_TRIALS: dict[str, tuple[Trial, ...]] = {
    f"{edition}.{name}": trials for edition, module in _MODULES for name, trials in module.TRIALS.items()
}

EDITION_NEUTRAL = frozenset(["sort", "order", "created_after", "updated_after"]).union(
    *(module.NEUTRAL.split() for _, module in _MODULES if hasattr(module, "NEUTRAL"))
)


def name_of(edition: Edition, operation: Operation) -> str:
    """What the trials of an operation stand under."""
    return f"{edition.name}.{operation.operation_id}" if edition.name in FOLDERS else operation.operation_id


def furnish(api: Api, mark: str, names: Names) -> None:
    """Adds to `names` what the trials of the nouns name."""
    for _, module in _MODULES:
        if hasattr(module, "furnish"):
            module.furnish(api, mark, names)
