"""The document's calls, as printed, against a live server; only the base URL is set, in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.conftest import PRINTED, Acme, code_of

PROJECT = Path(__file__).parents[2]
LOOK = "\nprint(type(client).__module__, product.id, product.name, product.sku, len(products.data))\n"


def printed_python() -> str:
    [program] = code_of(PRINTED, "python")
    assert "AmbraWMS(api_key='YOUR_API_KEY')" in program
    return program


def test_the_printed_program_runs(acme: Acme) -> None:
    names: dict[str, Any] = {}
    exec(compile(printed_python(), "printed.txt", "exec"), names)
    product, client = names["product"], names["client"]
    assert names["products"].data == []
    assert (product.name, product.sku) == ("Premium T-Shirt", "TEE-001")
    assert [row.id for row in client.products.list()] == [product.id]
    assert client.products.get(product.id).created_at == product.created_at
    client.close()


@pytest.mark.long
def test_the_printed_program_runs_from_an_installed_wheel(acme: Acme, tmp_path: Path) -> None:
    run = {"check": True, "timeout": 300, "capture_output": True, "text": True}
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(PROJECT)], **run)
    [wheel] = tmp_path.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "--quiet", "install", "--no-deps", str(wheel)], **run)
    subprocess.run([python, "-m", "pip", "--quiet", "install", "httpx"], **run)  # the SDK needs nothing else
    (tmp_path / "printed.py").write_text(printed_python() + LOOK, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        [python, str(tmp_path / "printed.py")], cwd=tmp_path / "elsewhere",
        env={"PATH": os.environ["PATH"], "AMBRA_BASE_URL": acme.address}, **run,
    )  # fmt: skip
    module, identity, *rest = done.stdout.split(maxsplit=2)
    assert module == "ambra_tui.sdk.client" and identity.startswith("prod_")
    assert rest == ["Premium T-Shirt TEE-001 0\n"]
