"""Containers, locks and CI: what they name exists, and they agree with `manage.py up`."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.env import Env
from config.run.processes import Sizes, processes
from tests.stack import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {"migrate", "web", "worker-digest", "worker-io", "beat"}
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-redis.lock",
    "requirements-s3.lock",
)


class TestCompose:
    def test_it_has_every_service(self):
        assert set(SERVICES) == OURS | {"postgres", "redis"}

    def test_every_long_running_service_has_a_health_check_and_comes_back(self):
        for name, service in SERVICES.items():
            if name != "migrate":
                assert service["healthcheck"]["test"], name
                assert service["restart"] == "unless-stopped", name

    def test_services_become_the_processes_of_the_supervisor(self):
        table = {process.name for process in processes(Sizes.of(Env({})))}
        named = {
            SERVICES[name]["command"][-1]
            for name in OURS
            if "config.run.processes" in SERVICES[name]["command"]
        }
        assert named == table

    def test_modules_that_commands_name_exist(self):
        commands = [SERVICES[name]["command"] for name in OURS]
        commands += [SERVICES[name]["healthcheck"]["test"][1:] for name in OURS - {"migrate"}]
        for command in commands:
            assert command[0] == "python"
            if command[1] == "-m":
                assert importlib.util.find_spec(command[2]) is not None, command
            else:
                compile(command[2], "<healthcheck>", "exec")

    def test_dependencies_and_volumes_are_defined(self):
        for name, service in SERVICES.items():
            for needed, how in service.get("depends_on", {}).items():
                assert needed in SERVICES, name
                condition = how["condition"]
                assert (
                    condition == "service_completed_successfully"
                    or "healthcheck" in SERVICES[needed]
                )
            for volume in service.get("volumes", []):
                assert volume.split(":")[0] in COMPOSE["volumes"], name

    def test_secrets_have_no_default(self):
        text = (ROOT / "docker-compose.yml").read_text()
        for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
            for use in re.findall(rf"\$\{{{name}[^}}]*\}}", text):
                assert use.startswith(f"${{{name}:?"), use

    def test_our_services_run_with_little(self):
        for name in OURS:
            assert SERVICES[name]["read_only"] is True
            assert SERVICES[name]["cap_drop"] == ["ALL"]

    def test_only_the_web_is_published(self):
        assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]

    def test_settings_accept_the_environment_of_the_services(self, tmp_path: Path):
        env = {"SECRET_KEY": "s" * 50, "POSTGRES_PASSWORD": "pg1", "REDIS_PASSWORD": "rd1"}
        given = {
            key: expand(str(value), env) for key, value in SERVICES["web"]["environment"].items()
        }
        script = (
            "import django; django.setup()\n"
            "from django.conf import settings as s\n"
            "print(s.DATABASES['default']['HOST'], s.DATABASES['default']['PASSWORD'], s.REDIS_URL)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "EMBERWATCH_DATA": str(tmp_path),
                **given,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout.split() == ["postgres", "pg1", "redis://:rd1@redis:6379/0"], done.stderr


def expand(text: str, env: dict[str, str]) -> str:
    """Compose's `${NAME:-default}` and `${NAME:?message}`, innermost first."""
    pattern = re.compile(r"\$\{(\w+):([-?])([^${}]*)\}")
    while match := pattern.search(text):
        value = env.get(match[1]) or (match[3] if match[2] == "-" else "")
        text = text[: match.start()] + value + text[match.end() :]
    return text


class TestDockerfile:
    text = (ROOT / "Dockerfile").read_text()

    def test_what_it_copies_exists(self):
        for source in re.findall(r"^COPY (\S+) ", self.text, re.MULTILINE):
            assert (ROOT / source).exists()

    def test_it_does_not_run_as_root_and_installs_locked(self):
        assert "\nUSER emberwatch" in self.text
        assert "pip install --require-hashes -r requirements.lock" in self.text

    def test_secrets_and_data_stay_out_of_the_image(self):
        ignored = (ROOT / ".dockerignore").read_text().split()
        assert {".git", ".venv", "var"} <= set(ignored)


class TestLocks:
    @pytest.mark.parametrize("name", LOCKS)
    def test_they_pin_by_hash_and_name_no_index(self, name: str):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text
        blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
        assert all("==" in block and "--hash=sha256:" in block for block in blocks)

    def test_every_dependency_is_locked(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        wanted = {
            "requirements.lock": project["project"]["dependencies"],
            "requirements-dev.lock": project["project"]["dependencies"]
            + project["dependency-groups"]["dev"],
            "requirements-redis.lock": project["dependency-groups"]["redis"],
            "requirements-s3.lock": project["dependency-groups"]["s3"],
        }
        for name, requirements in wanted.items():
            locked = set(pins(name))
            names = {re.split(r"[\[<>=]", requirement)[0].lower() for requirement in requirements}
            assert names <= locked, names - locked

    def test_development_runs_what_production_runs(self):
        dev = pins("requirements-dev.lock")
        for name, version in pins("requirements.lock").items():
            assert dev[name] == version


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


class TestCi:
    text = (ROOT / ".ci" / "run").read_text()

    def test_it_is_a_program_that_lints_tests_and_fails_on_skips(self):
        assert os.access(ROOT / ".ci" / "run", os.X_OK)
        assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT, check=False).returncode == 0
        assert "set -eu" in self.text
        assert "export REQUIRE_ALL=1" in self.text
        lines = self.text.split("export REQUIRE_ALL=1")[1].splitlines()
        made = [line.split()[1] for line in lines if line.startswith("make ")]
        assert made == ["lint", "test", "test-long"]

    def test_make_knows_every_target(self):
        for target in ("run", "test", "test-long", "demo", "bench", "lint", "clean"):
            done = subprocess.run(
                ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
