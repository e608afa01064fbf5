"""The extras are asked for in one sentence, and nothing else depends on them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ambra_tui.cli import main
from ambra_tui.services import assistants
from ambra_tui.settings import AssistantSettings
from ambra_tui.store import open_store


def test_settings_come_from_the_surroundings() -> None:
    assert AssistantSettings.from_environment({}) is None
    assert AssistantSettings.from_environment({"AMBRA_LLM_URL": "http://x/v1"}) is None
    given = {"AMBRA_LLM_URL": "http://x/v1", "AMBRA_LLM_MODEL": "small"}
    assert AssistantSettings.from_environment(given) == AssistantSettings("http://x/v1", "small")
    more = {**given, "AMBRA_LLM_KEY": "secret", "AMBRA_LLM_ROWS": "0"}
    assert AssistantSettings.from_environment(more) == AssistantSettings("http://x/v1", "small", "secret", False)


def test_without_its_extra_a_model_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    monkeypatch.setenv("AMBRA_LLM_URL", "http://x/v1")
    monkeypatch.setenv("AMBRA_LLM_MODEL", "not-there")
    assert assistants.configured_engine() is None
    assert "pip install 'ambra-tui[llm]'" in caplog.text


def test_the_command_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.delitem(sys.modules, "ambra_tui.services.assistants.mcp_server", raising=False)
    url = f"sqlite:///{tmp_path / 'a.db'}"
    open_store(url).close()
    assert main(["--store", url, "mcp"]) == 1
    assert "pip install 'ambra-tui[mcp]'" in capsys.readouterr().err
