"""`ambra openapi`: the document that the server serves, as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


def test_what_changed_since_an_older_document_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stock = next(edition for edition in find_editions() if edition.name == "stock")
    path = tmp_path / "old.json"

    def told(old: Any) -> tuple[int, list[str]]:
        path.write_text(json.dumps(old), encoding="utf-8")
        return main(["openapi", "stock", "--diff", str(path)]), capsys.readouterr().out.splitlines()

    document = json.loads(json.dumps(document_of(stock)))
    assert told(document) == (0, [])
    old = json.loads(json.dumps(document))
    moved = old["paths"].pop("/api/inventory/movements")
    assert told(old) == (
        0,
        [f"- {name} is new" for name in ("GET /api/inventory/movements", "POST /api/inventory/movements")],
    )
    old["paths"]["/api/inventory/moves"] = {"get": moved["get"]}
    listed = old["paths"]["/api/inventory"]["get"]
    listed["parameters"].append({"name": "colour", "in": "query", "required": False, "schema": {"type": "string"}})
    listed["parameters"] = [each for each in listed["parameters"] if each["name"] != "warehouse_id"]
    listed["x-scope"] = "stock:read"
    code, changes = told(old)
    assert code == 1 and changes[:3] == [
        "- BREAKS: GET /api/inventory/moves is gone",
        "- BREAKS: GET /api/inventory needs inventory:read instead of stock:read",
        "- BREAKS: GET /api/inventory takes colour no more",
    ]
    assert "- GET /api/inventory takes warehouse_id" in changes
    for wrong in ([], {"paths": 5}, "x"):
        assert told(wrong)[0] == 1


@pytest.mark.parametrize(("edition", "told"), [("moon", "the edition is one of "), ("sku", "cannot be written")])
def test_what_cannot_be_written_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, edition: str, told: str
) -> None:
    assert main(["openapi", edition, "--out", str(tmp_path / "no" / "file.json")]) == 1
    assert told in capsys.readouterr().err
