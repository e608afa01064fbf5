"""Questions by other doors: a language model that the operator of the store has set up, and programs that speak MCP.

Both use the closed catalogue of `services.questions` and nothing else, so neither can change or see more than it gives.
Their libraries are extras, imported when they are first needed.

Example::

    questions.ask(session, "what is running low", engine=assistants.configured_engine())
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

from ambra_tui.settings import AssistantSettings

if TYPE_CHECKING:
    from ambra_tui.services.questions import Engine

log = logging.getLogger(__name__)


def configured_engine() -> Engine | None:
    """The language model of the surroundings (`AMBRA_LLM_URL`); None without one, or without the extra ``llm``."""
    settings = AssistantSettings.from_environment()
    return _engine(settings) if settings is not None else None


@lru_cache(maxsize=4)
def _engine(settings: AssistantSettings) -> Engine | None:
    try:
        from ambra_tui.services.assistants.llm import ModelEngine, model_at
    except ImportError:
        log.warning("AMBRA_LLM_URL is set, but the extra is missing: pip install 'ambra-tui[llm]'")
        return None
    return ModelEngine(model_at(settings), sends_rows=settings.sends_rows)
