"""Trials of the ambra edition, a module for each noun: `TRIALS` of its operations; perhaps `furnish`, which makes what
they name beside what every organization has, and `NEUTRAL`, the fields that name no thing. See `two_organizations`."""

from __future__ import annotations

import importlib

from ambra_tui.kit.discover import module_names
from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

_MODULES = [importlib.import_module(f"{__name__}.{name}") for name in module_names(__name__)]

AMBRA_TRIALS: dict[str, tuple[Trial, ...]] = {
    f"ambra.{name}": trials for module in _MODULES for name, trials in module.TRIALS.items()
}

AMBRA_NEUTRAL = frozenset(["sort", "created_after", "updated_after"]).union(
    *(module.NEUTRAL.split() for module in _MODULES if hasattr(module, "NEUTRAL"))
)


def furnish(api: Api, mark: str, names: Names) -> None:
    """Adds to `names` what the trials of the nouns name."""
    for module in _MODULES:
        if hasattr(module, "furnish"):
            module.furnish(api, mark, names)
