"""What was typed and not yet sent, kept through a crash: the same worker at the same step finds it again.

One small file a station in the user's data folder. Secrets are never handed to it.

Example::

    draft = Draft("dock-1")
    draft.keep("user_1", "pick.quantity", "12")
    draft.find("user_1", "pick.quantity")     # '12'
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ambra_tui.settings import data_folder


class Draft:
    """The unsent digits of one station. A folder that cannot be written keeps nothing and harms nothing."""

    def __init__(self, station: str, *, folder: Path | None = None) -> None:
        name = hashlib.sha256(station.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._path = (folder or data_folder() / "drafts") / f"{name}.json"
        self._is_kept = True

    def keep(self, user_id: str, step: str, typed: str) -> None:
        """Remember `typed`; an empty text forgets."""
        if not typed and not self._is_kept:
            return
        self._is_kept = bool(typed)
        try:
            if not typed:
                self._path.unlink(missing_ok=True)
                return
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps([user_id, step, typed]), encoding="utf-8")
            fresh.replace(self._path)
        except OSError:
            return

    def find(self, user_id: str, step: str) -> str:
        """What this worker had typed at this step; empty when there is nothing."""
        where, typed = self.last(user_id)
        return typed if where == step else ""

    def last(self, user_id: str) -> tuple[str, str]:
        """The step at which this worker typed last, and what; both empty when there is nothing."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return "", ""
        is_ours = isinstance(kept, list) and len(kept) == 3 and kept[0] == user_id
        return (kept[1], kept[2]) if is_ours and all(isinstance(part, str) for part in kept) else ("", "")
