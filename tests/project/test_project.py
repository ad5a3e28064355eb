"""Tests that the project's own files agree with one another."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import yaml

from tests.helpers.command_lines import all_options, mistakes, typed_commands
from tests.helpers.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
README = (ROOT / "README.md").read_text()


def test_conda_environment_has_the_package_dependencies() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    listed = [line for line in environment["dependencies"] if isinstance(line, str)]
    assert f"python{PROJECT['requires-python']}" in listed
    conda = {line for line in listed if not line.startswith("python>") and line != "pip"}
    assert conda == set(PROJECT["dependencies"])


def test_every_dependency_has_a_lower_bound() -> None:
    extras = [line for extra in PROJECT["optional-dependencies"].values() for line in extra]
    for line in [*PROJECT["dependencies"], *extras]:
        assert re.search(r">=\d", line) or line.startswith("ib-grid["), line


def test_top_level_files_exist() -> None:
    agreed = {"ib_grid", "pipelines", "tests", "pyproject.toml", "environment.yml", "README.md"}
    assert all((ROOT / name).exists() for name in (*agreed, "LICENSE"))


def test_ci_runs_the_test_command_of_the_readme() -> None:
    block = README.split("<!-- tests -->")[1].split("```")[1]
    command = next(line for line in block.splitlines() if "pytest" in line)
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    extraction = next(line for line in script if line.startswith("test_command="))
    found = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f'{extraction}; echo "$test_command"'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == command
    assert command.startswith("python3 -m venv .venv")


def test_files_named_by_ci_exist() -> None:
    script = ROOT / ".ci" / "run"
    subprocess.run(["bash", "-n", script], check=True)
    named = re.findall(r"tests/[\w/.]+", script.read_text())
    assert len(named) > 5
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_classifiers_include_this_python() -> None:
    here = f"Programming Language :: Python :: {sys.version_info[0]}.{sys.version_info[1]}"
    assert here in PROJECT["classifiers"]


def test_commands_of_the_readme_exist() -> None:
    commands = typed_commands(README)
    assert {"prepare", "levels", "info", "run", "report", "trades"} <= {c[0] for c in commands}
    for words in commands:
        assert not mistakes(words), words


def test_options_in_the_text_of_the_readme_exist() -> None:
    prose = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    spans = [code for code in re.findall(r"`([^`]+)`", prose) if code.startswith(("--", "ib-grid"))]
    options = {word for code in spans for word in code.split() if re.match(r"--[a-z]", word)}
    assert len(options) > 10
    assert options <= all_options()


def test_readme_is_short_and_its_links_exist() -> None:
    assert len(README.splitlines()) <= 160
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_tests_named_by_the_page_of_faults_exist() -> None:
    page = (ROOT / "tests" / "faults" / "README.md").read_text()
    cells = [line.split("|")[3] for line in page.splitlines() if line.count("|") == 4]
    named = [name for cell in cells for name in re.findall(r"`(\S*test_\w+[^`]*)`", cell)]
    assert len(named) > 30
    source = ""
    for name in named:
        file, _, function = name.rpartition("::") if not name.endswith(".py") else (name, "", "")
        if file:
            source = (ROOT / "tests" / file).read_text()
        assert not function or f"def {function}(" in source, name


def test_files_named_by_the_contributors_page_exist() -> None:
    page = (ROOT / "tests" / "README.md").read_text()
    named = re.findall(r"`((?:ib_grid|pipelines|tests)/[\w./]*)`", page)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []
