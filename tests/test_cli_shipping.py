"""`ambra shipping`: tariffs are checked, and rates are told the cheapest first."""

from __future__ import annotations

from pathlib import Path

import pytest

from ambra_tui.cli import main
from ambra_tui.store import Store
from tests.carriers.test_carriers import GOOD


def test_own_tariffs_are_checked_and_samples_are_called_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AMBRA_TARIFFS", raising=False)
    (tmp_path / "ups.toml").write_text(GOOD)
    assert main(["shipping", "tariffs", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "ups       own    USD  ground (2 weights, 2 zones)" in lines
    assert sum("SAMPLE" in line for line in lines) == 4
    (tmp_path / "ups.toml").write_text(GOOD.replace('"USD"', '"usd"'))
    assert main(["shipping", "tariffs", str(tmp_path)]) == 1
    assert f"{tmp_path}/ups.toml: currency" in capsys.readouterr().err


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_rates_are_told_and_a_wrong_weight_is_named(
    store: Store, store_url: str, organization_id: int, capsys: pytest.CaptureFixture[str], dialect: str
) -> None:
    asked = ["shipping", "rates", "--from", "10001", "--to", "90210", "--size", "12x8x6in", "--store", store_url]
    store.close()
    assert main([*asked, "--weight", "2.5lb", "--why"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["dhl", "ecommerce"] and lines[0].endswith("SAMPLE")
    assert any("no: package 1 is heavier than 15.999 oz" in line for line in lines)
    assert main([*asked, "--weight", "two"]) == 1
    assert "'two' is no weight" in capsys.readouterr().err
