"""The house: arrows, migrations, words at the top of modules, sizes, and nothing of one machine."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("config", "tracker", "ingest", "alerts")
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def tracked() -> list[Path]:
    """Files under version control (or, outside a repository, all files of the packages)."""
    done = run("git", "ls-files", "--cached", "--others", "--exclude-standard")
    if done.returncode == 0 and done.stdout:
        return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]
    return [path for package in (*PACKAGES, "tests") for path in (ROOT / package).rglob("*.py")]


def modules() -> list[Path]:
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in {*PACKAGES, "manage.py"}
    ]


def test_imports_flow_down():
    done = run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_model_changed_without_a_migration():
    done = run(
        *(sys.executable, "-W", "ignore::RuntimeWarning", "manage.py"),
        *("makemigrations", "--check", "--dry-run"),
    )
    assert done.returncode == 0, done.stdout


def test_raw_sql_stays_where_it_belongs():
    done = run(
        str(Path(sys.executable).parent / "ruff"),
        "check",
        "--select",
        "TID251",
        "--no-cache",
        *PACKAGES,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_module_opens_with_a_sentence():
    silent = []
    for path in modules():
        text = path.read_text(encoding="utf-8")
        words = ast.get_docstring(ast.parse(text))
        if text.strip() and not words:
            silent.append(str(path.relative_to(ROOT)))
    assert silent == []


def test_modules_and_functions_stay_readable():
    long = []
    for path in modules():
        if "migrations" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > LONGEST_MODULE:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}: {node.name} has {size} lines")
    assert long == []


def test_the_top_level_is_the_houses():
    allowed = {*PACKAGES, "templates", "tests", "docs", ".ci", ".github"}
    assert {
        path.relative_to(ROOT).parts[0]
        for path in tracked()
        if len(path.relative_to(ROOT).parts) > 1
    } <= allowed


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a path of one machine", r"(?<![\w.])/(?:work|root|home)/\w"),
        ("a package index", r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)"),
    ],
)
def test_no_file_names(what: str, pattern: str):
    found = []
    for path in tracked():
        if path.suffix not in {
            ".py",
            ".toml",
            ".lock",
            ".md",
            ".yml",
            ".yaml",
            ".html",
            ".json",
            "",
        }:
            continue
        if "tests" in path.relative_to(ROOT).parts and "path" in what:
            continue  # what crashed elsewhere names its own paths
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
        ):
            if re.search(pattern, line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert found == [], what
