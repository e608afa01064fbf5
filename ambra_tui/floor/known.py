"""Every flow by its name.

Example::

    flows()["receive"].menu_digit     # '1'
"""

from __future__ import annotations

from functools import cache

from ambra_tui.floor.conversation import Flow
from ambra_tui.kit.discover import discover


@cache
def flows() -> dict[str, Flow]:
    """Every flow by its name."""
    return {flow.name: flow for flow in discover("ambra_tui.floor.flows", "FLOW").values()}
