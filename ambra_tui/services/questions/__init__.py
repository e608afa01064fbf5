"""Questions in words, answered from one closed list of typed tools that only read.

Example::

    with store.read(organization_id) as session:
        ask(session, "How many 22423 are in Berlin?").answer
"""

from ambra_tui.services.questions.answered import Answered, Engine, Status
from ambra_tui.services.questions.asking import MAX_QUESTION, ask
from ambra_tui.services.questions.catalogue import TOOLS, run
from ambra_tui.services.questions.tool import Found, Tool
from ambra_tui.services.questions.wording import render

__all__ = ["MAX_QUESTION", "TOOLS", "Answered", "Engine", "Found", "Status", "Tool", "ask", "render", "run"]
