"""What integrators are told is what there is."""

from __future__ import annotations

import re

from ambra_tui.api import protocol, requests
from ambra_tui.api.app import find_editions
from ambra_tui.api.failures import _KINDS, INTERNAL
from ambra_tui.kit.resources import docs_path


def test_every_operation_is_documented_with_its_scope() -> None:
    for edition in find_editions():
        text = (docs_path() / f"api-{edition.name}.md").read_text(encoding="utf-8")
        documented = set(re.findall(r"^\| `([A-Z]+ [^`]+)` \| ([a-z_:]+) \|", text, re.MULTILINE))
        declared = {
            (f"{operation.method} {operation.path.replace(':path', '') or edition.base_path}", operation.scope)
            for operation in edition.operations
        }
        assert documented == declared


def test_every_field_is_documented() -> None:
    for edition in find_editions():
        text = (docs_path() / f"api-{edition.name}.md").read_text(encoding="utf-8")
        rows = dict(re.findall(r"^\| `([A-Z]+ [^`]+)` \| [a-z_:]+ \|(.*)\|$", text, re.MULTILINE))
        for operation in edition.operations:
            row = rows[f"{operation.method} {operation.path.replace(':path', '') or edition.base_path}"]
            for name in (*operation.fields.model_fields, *operation.options.model_fields):
                assert name in ("page", "per_page") or name in row or name in text, (operation.operation_id, name)


def test_every_code_of_the_error_layer_is_documented() -> None:
    text = (docs_path() / "api.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"\| (\d{3}) \| `([A-Z_]+)`", text))
    raised = {(str(status), code) for _, status, code in _KINDS} | {(str(INTERNAL.status), INTERNAL.code)}
    assert raised <= documented


def test_the_documented_limits_are_the_real_ones() -> None:
    text = " ".join((docs_path() / "api.md").read_text(encoding="utf-8").split())
    assert f"its head within {protocol.HEAD_SECONDS:.0f} s, all of it within {protocol.MESSAGE_SECONDS:.0f} s" in text
    assert requests.MAX_BODY == 1024 * 1024
    assert requests.BODY_SECONDS < protocol.MESSAGE_SECONDS <= 15
