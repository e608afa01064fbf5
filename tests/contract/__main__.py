"""The editions' OpenAPI documents before other people's tools, against the real server.

    python -m tests.contract                                # all of it
    python -m tests.contract schemathesis --examples 50     # every phase, every call, on a furnished store; then again
                                                            # with names of things that are there
    python -m tests.contract schemathesis --edition commerce --ways named    # one edition, one of the two ways
    python -m tests.contract document                       # redocly's lint, a TypeScript client that compiles
    python -m tests.contract postman                        # newman sends the served Postman collection

`schemathesis` comes with the extra ``contract``; the others want Node.js and take their tools from npm.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from ambra_tui.api.app import find_editions
from ambra_tui.api.openapi import document_of
from ambra_tui.services import access
from ambra_tui.services.modules import MODULES
from ambra_tui.store import open_store
from tests.api.conftest import Api
from tests.api.edition_trials import furnish as furnish_editions
from tests.api.two_organizations import Names, furnished
from tests.contract.named import named
from tests.server_process import ServerProcess

HERE = Path(__file__).parent
NODE_TOOLS = ("@redocly/cli@2", "openapi-typescript@7", "openapi-fetch@0.17", "typescript@5")
NEWMAN = "newman@6"
UNDERSTOOD = frozenset({200, 201, 202, 204, 404, 422})  # the collection's ids are nobody's; its requests are right
PHASES = "examples,coverage,fuzzing,stateful"
WAYS = ("written", "named")
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,ignored_auth,"
    "use_after_free,ensure_resource_availability"
)


def main() -> int:
    """What was asked for, or all of it; 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract")
    parser.add_argument("what", nargs="?", choices=("schemathesis", "document", "postman"))
    parser.add_argument("--examples", type=int, default=50, help="of each call and phase")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", metavar="PATTERN", help="calls whose path fits this regular expression")
    parser.add_argument("--edition", choices=[edition.name for edition in find_editions()], help="this one alone")
    parser.add_argument("--reports", metavar="FOLDER", type=Path, help="every call and answer as lines of JSON")
    parser.add_argument("--ways", choices=WAYS, nargs="+", default=WAYS, help="as written, or with names of things")
    arguments = parser.parse_args()
    failed = False
    if arguments.what in (None, "document"):
        failed |= not check_documents()
    if arguments.what in (None, "postman"):
        failed |= not send_collection()
    if arguments.what in (None, "schemathesis"):
        failed |= not fuzz(arguments)
    return int(failed)


# --- a server --------------------------------------------------------------------------------------------------------


@contextmanager
def served() -> Iterator[tuple[str, str, Names]]:
    """Address and an admin key of a server whose organization has one of everything, and what that is called."""
    with tempfile.TemporaryDirectory(prefix="ambra-contract-") as folder:
        url = f"sqlite:///{folder}/ambra.db"
        with open_store(url) as store:
            organization = access.create_organization(store, "Contract", MODULES)
            assert organization.id is not None
            store.become_sample("contract")  # nobody's money moves
            _, secret = access.create_key(
                store, organization_id=organization.id, label="contract", scopes=["admin"], plan="enterprise"
            )
        with ServerProcess.start(url) as server:
            with open_store(url) as store, _client(server.address, secret) as client:
                api = Api(store, organization.id, client)
                names = furnished(api, "OWNER", "NUTS", 400_000_000_100)
                furnish_editions(api, "OWNER", names)
            yield server.address, secret, names


def _client(address: str, secret: str) -> httpx.Client:
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {secret}"}, timeout=30)


# --- the tools -------------------------------------------------------------------------------------------------------


def fuzz(arguments: argparse.Namespace) -> bool:
    """Schemathesis with every phase; True when it finds nothing."""
    chosen = ["--include-path-regex", arguments.only] if arguments.only else []
    good = True
    for edition in find_editions():
        if arguments.edition not in (None, edition.name):
            continue
        for way in arguments.ways:
            with served() as (address, secret, names), tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "document.json"
                document = document_of(edition)
                if way == "named":
                    document = named(document, names, edition=edition.name)
                path.write_text(json.dumps(document), encoding="utf-8")
                mode = "positive" if way == "named" else "all"
                report = arguments.reports and arguments.reports.resolve() / f"{edition.name}-{way}.ndjson"
                command = [
                    str(Path(sys.executable).with_name("schemathesis")), "run", str(path), "--url", address,
                    "--header", f"Authorization: Bearer {secret}", "--phases", PHASES, "--mode", mode,
                    "--checks", CHECKS, "--max-examples", str(arguments.examples), "--seed", str(arguments.seed),
                    "--no-color", "--continue-on-failure", "--request-timeout", "30", *chosen,
                    *(["--report-ndjson-path", str(report)] if report else []),
                ]  # fmt: skip
                good &= subprocess.run(command, check=False, cwd=folder).returncode == 0
    return good


def check_documents() -> bool:
    """Redocly's lint without a warning, and a TypeScript client that compiles; True when both hold."""
    if shutil.which("npm") is None:
        print("npm is not here: the documents were not checked", file=sys.stderr)
        return False
    with tempfile.TemporaryDirectory(prefix="ambra-client-") as name:
        folder = Path(name)
        _run(folder, "npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", name, *NODE_TOOLS)
        checks = [_check(folder, edition.name, document_of(edition)) for edition in find_editions()]
        return all(checks)


def send_collection() -> bool:
    """The served Postman collection through newman: every request is understood, every list answered; True if so."""
    if shutil.which("npm") is None:
        print("npm is not here: the collection was not sent", file=sys.stderr)
        return False
    with tempfile.TemporaryDirectory(prefix="ambra-postman-") as name, served() as (address, secret, _names):
        folder = Path(name)
        _run(folder, "npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", name, NEWMAN)
        (folder / "collection.json").write_text(
            httpx.get(f"{address}/docs/api/postman", timeout=60).text, encoding="utf-8"
        )
        given = (f"base_url={address}", f"api_key={secret}")
        _run(
            folder, "node_modules/.bin/newman", "run", "collection.json", "--env-var", given[0], "--env-var", given[1],
            "--reporters", "json", "--reporter-json-export", "report.json",
        )  # fmt: skip
        return _all_understood(json.loads((folder / "report.json").read_text(encoding="utf-8"))["run"]["executions"])


def _all_understood(executions: list[dict[str, Any]]) -> bool:
    strange = 0
    for sent in executions:
        path, status = "/".join(sent["request"]["url"]["path"]), sent.get("response", {}).get("code")
        is_list = sent["request"]["method"] == "GET" and not sent["item"]["request"]["url"].get("variable")
        if status not in UNDERSTOOD or (is_list and status != 200):
            print(f"{status} {sent['request']['method']} /{path}")
            strange += 1
    print(f"newman: {len(executions)} requests, {strange} not understood")
    return strange == 0 and bool(executions)


def _check(folder: Path, name: str, document: object) -> bool:
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    client = HERE / f"{name}.ts"
    for kept in (HERE / "lint.yaml", HERE / "tsconfig.json", *([client] if client.exists() else [])):
        shutil.copy(kept, folder)
    lint = _run(folder, "node_modules/.bin/redocly", "lint", f"{name}.json", "--config", "lint.yaml")
    types = _run(folder, "node_modules/.bin/openapi-typescript", f"{name}.json", "--output", f"{name}-schema.d.ts")
    return lint and types and _run(folder, "node_modules/.bin/tsc", "--project", "tsconfig.json")


def _run(folder: Path, *command: str) -> bool:
    print("$", " ".join(command), flush=True)
    return subprocess.run(command, check=False, cwd=folder).returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
