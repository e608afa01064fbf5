"""`ambra openapi`: the document that the server serves, as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ambra_tui.api.app import find_editions
from ambra_tui.api.openapi import document_of
from ambra_tui.cli import main


def test_an_edition_s_document_is_written_or_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stock = next(edition for edition in find_editions() if edition.name == "stock")
    path = tmp_path / "stock.json"
    assert main(["openapi", "stock", "--out", str(path)]) == 0
    assert json.loads(path.read_text(encoding="utf-8")) == document_of(stock)
    assert capsys.readouterr().out == f"{path} describes {len(stock.operations)} operations.\n"
    assert main(["openapi", "stock"]) == 0
    assert capsys.readouterr().out == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("edition", "told"), [("moon", "the edition is one of "), ("sku", "cannot be written")])
def test_what_cannot_be_written_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, edition: str, told: str
) -> None:
    assert main(["openapi", edition, "--out", str(tmp_path / "no" / "file.json")]) == 1
    assert told in capsys.readouterr().err
