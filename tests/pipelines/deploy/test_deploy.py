"""Deployment files name existing things; no container is built or run."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
import tomllib
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
import yaml
from dask.config import collect_env
from distributed import LocalCluster
from distributed.cli import dask_scheduler, dask_worker

from pipelines.cluster.dask_settings import DASK_CONFIG
from pipelines.cluster.local import fork_server
from tests.helpers.command_lines import fenced_lines, mistakes, typed_commands
from tests.helpers.paths import ROOT

DEPLOY = ROOT / "pipelines" / "deploy"
PAGE = (DEPLOY / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DASK = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with their arguments."""
    text = (DEPLOY / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined)]


def given(instruction: str) -> list[str]:
    return [rest for name, rest in instructions() if name == instruction]


# --- Dockerfile


def test_the_image_has_a_python_that_the_project_runs_on() -> None:
    (image,) = given("FROM")
    version = re.fullmatch(r"python:(\d+\.\d+)-slim", image)
    assert version
    assert f"Programming Language :: Python :: {version[1]}" in PROJECT["classifiers"]


def test_image_copies_existing_files() -> None:
    sources = [word for line in given("COPY") for word in line.split()[:-1]]
    assert all((ROOT / source).exists() for source in sources)
    assert {"ib_grid", "pipelines", PROJECT["readme"], *PROJECT["license-files"]} <= set(sources)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    assert ignored[1] == "*"
    assert let_in == set(sources)


def test_the_image_runs_the_command_as_a_user_without_rights() -> None:
    (user,) = given("USER")
    assert any(re.search(rf"useradd .*{user}\b", line) for line in given("RUN"))
    (entry,) = map(json.loads, given("ENTRYPOINT"))
    assert entry == list(PROJECT["scripts"])
    (words,) = map(json.loads, given("CMD"))
    assert not mistakes(words)


def test_the_image_compiles_the_engine_as_that_user() -> None:
    names = [name for name, _ in instructions()]
    after_user = instructions()[names.index("USER") :]
    (run,) = [rest for name, rest in after_user if name == "RUN"]
    program, option, code = shlex.split(run)
    assert (program, option) == ("python", "-c")
    imported = ast.parse(code).body[0]
    assert isinstance(imported, ast.ImportFrom)
    module = __import__(str(imported.module), fromlist=["load_kernels"])
    assert callable(getattr(module, imported.names[0].name))


def test_the_threads_of_the_image_are_those_of_workers() -> None:
    values = dict(word.split("=") for word in given("ENV")[0].split())
    assert values == fork_server.ONE_THREAD


# --- compose.yaml


@pytest.mark.parametrize("name", ["scheduler", "workers"])
def test_dask_accepts_the_service_arguments(name: str) -> None:
    service = SERVICES[name]
    program, kind = service["entrypoint"]
    assert program == "dask"
    words = [re.sub(r"\$\{\w+:-(.*)\}", r"\1", word) for word in service["command"]]
    command = DASK[kind]
    options, arguments, _ = command.make_parser(click.Context(command)).parse_args(words)
    if name == "workers":
        assert options["scheduler"] == "tcp://scheduler:8786"
        assert (options["n_workers"], options["nthreads"]) == ("90", "1")
        assert options["preload"] == ["pipelines.cluster.preload"]
    assert not arguments


@pytest.mark.parametrize("name", ["scheduler", "workers"])
def test_dask_settings_match_local_workers(name: str) -> None:
    for variable, text in SERVICES[name]["environment"].items():
        values = collect_env({variable: text})
        path = []
        while isinstance(values, dict):
            ((key, values),) = values.items()
            path.append(key.replace("_", "-"))
        assert values == DASK_CONFIG[".".join(path)], variable


def test_ports_are_bound_to_this_machine_alone() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    listening = " ".join(SERVICES["scheduler"]["command"])
    for port in ports:
        assert port.rpartition(":")[2] in listening


@pytest.mark.parametrize("name", ["scheduler", "workers"])
def test_service_health_follows_its_dashboard(name: str) -> None:
    """Against a scheduler in this process: well with its first worker, and not before."""
    program, option, code = SERVICES[name]["healthcheck"]["test"][1:]
    assert (program, option) == ("python", "-c")

    def is_well(link: str) -> bool:
        own = re.sub(r"http://[\w.]+:8787", link, code)
        done = subprocess.run([sys.executable, "-c", own], capture_output=True, check=False)
        return done.returncode == 0

    with LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as local:
        link = f"http://127.0.0.1:{urlsplit(local.dashboard_link).port}"
        assert is_well(link) == (name == "scheduler")
        if name == "workers":
            local.scale(1)
            with local.get_client() as client:
                client.wait_for_workers(1, timeout=60)
            assert is_well(link)


def test_all_services_share_image_and_folder() -> None:
    for service in SERVICES.values():
        build = service["build"]
        assert (DEPLOY / build["context"]).resolve() == ROOT
        assert (ROOT / build["dockerfile"]).is_file()
        (volume,) = service["volumes"]
        assert volume.endswith(f":{given('WORKDIR')[-1]}")
        assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert "entrypoint" not in SERVICES["ib-grid"]


# --- the page


def test_the_commands_of_the_page_exist() -> None:
    commands = typed_commands(PAGE)
    assert {words[0] for words in commands} >= {"prepare", "info", "run"}
    for words in commands:
        assert not mistakes(words), words


def test_the_page_calls_services_and_files_that_exist() -> None:
    lines = [line for line in fenced_lines(PAGE) if line.startswith("docker ")]
    called = [line.split() for line in lines if " compose " in line]
    named = [words[-1] if words[2] == "build" else words[4] for words in called if len(words) > 4]
    assert {"ib-grid"} <= set(named) <= {*SERVICES, "--wait"}
    for path in re.findall(r"--file (\S+)", PAGE):
        assert (ROOT / path).is_file()
    variables = set(re.findall(r"export (IB_GRID_\w+)", PAGE))
    assert variables <= set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    headings = {re.sub(r"\W+", "-", h.lower()) for h in re.findall(r"^## (.*)$", PAGE, re.M)}
    assert set(re.findall(r"\(#([\w-]+)\)", PAGE)) <= headings


def test_the_shell_can_read_every_block() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S)
    assert blocks
    for block in blocks:
        subprocess.run(["bash", "-n", "-c", block], check=True)


def test_the_slurm_script_calls_a_run_that_exists() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    lists = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.List)]
    words = [[e.value for e in one.elts if isinstance(e, ast.Constant)] for one in lists]
    (run,) = [texts for texts in words if texts[0] == "ib-grid"]
    (more,) = [texts for texts in words if texts[0] == "--scheduler"]
    assert not mistakes([*run[1:], *more])
    assert ["--preload", "pipelines.cluster.preload"] in words


def quoted(pattern: str) -> float:
    """Return a figure of the page by the words around it."""
    (text,) = re.findall(pattern, " ".join(PAGE.split()))
    return float(text.replace(",", ""))


def test_the_measured_figures_are_those_of_the_benchmarks() -> None:
    readme = " ".join(
        (ROOT / "tests" / "benchmarks" / "README.md").read_text(encoding="utf-8").split()
    )
    rate = quoted(r"([\d,]+) combinations per second per core")
    assert f"{rate:,.0f} combinations per second" in readme
    stored = quoted(r"(\d+) MB on disk for 1,478,400")
    assert f"{stored:.0f} MB on disk" in readme


def test_the_sums_of_the_page_are_right() -> None:
    price = quoted(r"us-east-1 is \$([\d.]+) an hour")
    rate = 90 * quoted(r"([\d,]+) combinations per second per core") / 2
    assert f"= {rate:,.0f} combinations per second" in " ".join(PAGE.split())
    bytes_each = quoted(r"(\d+) MB on disk for 1,478,400") * 1e6 / 1_478_400
    assert f"{bytes_each:.0f} bytes per combination" in PAGE
    for combinations, minutes in ((1_478_400, 1), (100_000_000, 10)):
        (row,) = [line for line in PAGE.splitlines() if f"| {combinations:,} |" in line]
        _, _, _, computing, writing, allowed, cost, _ = (c.strip() for c in row.split("|"))
        assert float(computing.split()[0]) == pytest.approx(combinations / rate, abs=0.5)
        assert float(writing.split()[0]) == pytest.approx(combinations * bytes_each / 125e6, abs=1)
        assert allowed.startswith(f"{minutes} minute")
        assert cost == f"${price * minutes / 60:.2f}"
    assert f"${20 * price:.0f} to ${25 * price:.0f}" in PAGE
