"""What every test may ask for: real servers, a database of its own, a whole stack.

Pure tests pay for none of it: servers start with the first test that needs them.
With DATABASE_URL (and REDIS_URL) set, those servers are used instead.
"""

import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings

from config.run.children import alive
from tests import servers
from tests.alerts.sinks import SmtpSink
from tests.stack import OUTSIDE, Stack

RUN_FOLDER = "EMBERWATCH_TEST_RUN"
CONTROLLER = "EMBERWATCH_TEST_CONTROLLER"
TEMPLATE = "emberwatch_tests_template"
# A busy machine is no failure; the same examples every time, so that what passed here passes there.
hypothesis.settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

ALL = os.environ.get("REQUIRE_ALL", "") not in {"", "0"}


def need(*programs: str) -> str:
    """The first of these programs that is here; else the test is skipped, or fails under REQUIRE_ALL."""
    for program in programs:
        found = shutil.which(program)
        if found:
            return found
    lack(f"{' or '.join(programs)} is not installed")
    return ""


def lack(reason: str) -> None:
    """Skip a test whose runtime is missing; under REQUIRE_ALL=1 fail it."""
    if ALL:
        pytest.fail(f"REQUIRE_ALL: {reason}")
    pytest.skip(reason)


# --- The run -----------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    if not os.environ.get("SECRET_KEY"):
        settings.SECRET_KEY = os.environ["SECRET_KEY"] = "for tests only, never for a server"
    if not hasattr(config, "workerinput"):  # the controller, or a run without xdist
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="emberwatch-tests-")
        Path(os.environ[RUN_FOLDER]).chmod(0o711)  # as root, the servers' own user passes through
        os.environ[CONTROLLER] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or RUN_FOLDER not in os.environ:
        return
    folder = Path(os.environ[RUN_FOLDER])
    _forget_template(folder)
    with contextlib.suppress(OSError, ValueError):
        keeper = int((folder / "keeper.pid").read_text())
        os.kill(keeper, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while alive(keeper) and time.monotonic() < deadline:
            time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def _forget_template(folder: Path) -> None:
    """Leave nothing behind in a server that was given to us."""
    if (folder / "migrated").exists() and settings.DATABASE_URL:
        import psycopg

        with psycopg.connect((folder / "migrated").read_text(), autocommit=True) as connection:
            name = f"{TEMPLATE}_{os.environ[CONTROLLER]}"
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever uses the whole stack runs in one worker, so that one stack is started."""
    del config
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("journeys"))


def pytest_sessionfinish() -> None:
    for folder in OUTSIDE:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """Folder of this test run, shared by all workers."""
    return Path(os.environ[RUN_FOLDER])


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """`gw0`, `gw1` ..., or `main` without xdist."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


# --- Servers -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server_addresses(run_folder: Path) -> tuple[dict[str, Any], str]:
    """Django's settings of the PostgreSQL to use, and the Redis' URL."""
    given = settings.DATABASE_URL
    if given and os.environ.get("REDIS_URL"):
        return dict(settings.DATABASES["default"]), settings.REDIS_URL
    database, redis_url = servers.ensure(run_folder, int(os.environ[CONTROLLER]))
    return (
        dict(given or database),
        os.environ.get("REDIS_URL") or redis_url,
    )


@pytest.fixture(scope="session")
def redis_url(server_addresses: tuple[dict[str, Any], str], worker_name: str) -> str:
    """The run's Redis; Celery and settings use it with a prefix of this worker's."""
    from config.celery import app
    from config.schedule import configuration

    url = server_addresses[1]
    settings.REDIS_URL = os.environ["REDIS_URL"] = url
    settings.REDIS_PREFIX = os.environ["REDIS_PREFIX"] = f"test-{worker_name}-{os.getpid()}:"
    app.conf.update(configuration(url, settings.REDIS_PREFIX))
    return url


@pytest.fixture(scope="session")
def database_url(server_addresses: tuple[dict[str, Any], str], worker_name: str) -> str:
    """Address of the worker's own database, for processes that a test starts."""
    parts = server_addresses[0]
    return to_url({**parts, "NAME": f"emberwatch_tests_{worker_name}"})


def to_url(parts: dict[str, Any]) -> str:
    """Django's database settings as a URL for DATABASE_URL and libpq."""
    from urllib.parse import quote

    host = str(parts.get("HOST") or "localhost")
    word = f":{quote(parts['PASSWORD'], safe='')}" if parts.get("PASSWORD") else ""
    port = f":{parts['PORT']}" if parts.get("PORT") else ""
    user = quote(str(parts.get("USER") or ""), safe="")
    return f"postgresql://{user}{word}@{quote(host, safe='')}{port}/{parts['NAME']}"


@pytest.fixture(scope="session")
def django_db_setup(
    server_addresses: tuple[dict[str, Any], str],
    redis_url: str,
    database_url: str,
    run_folder: Path,
    worker_name: str,
    django_db_blocker: Any,
) -> Iterator[None]:
    """A database of this worker's own, cloned from a template that was migrated once a run."""
    del redis_url
    parts = server_addresses[0]
    name = f"emberwatch_tests_{worker_name}"
    template = f"{TEMPLATE}_{os.environ[CONTROLLER]}"
    with django_db_blocker.unblock():
        with servers.locked(run_folder, "template"):
            if not (run_folder / "migrated").exists():
                _recreate(parts, template)
                _use(parts, template)
                _migrate()
                (run_folder / "migrated").write_text(to_url(parts))
            _recreate(parts, name, template)
        _use(parts, name)
    os.environ["DATABASE_URL"] = database_url
    yield
    with django_db_blocker.unblock():
        _close()
        _drop(parts, name)


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    _close()


def _use(parts: dict[str, Any], name: str) -> None:
    """Point Django at a database; connections opened from now on go there."""
    from django.db import connections

    _close()
    values = {key: parts.get(key) or "" for key in ("HOST", "PORT", "USER", "PASSWORD")}
    settings.DATABASES["default"].update(values, NAME=name)
    connections["default"].settings_dict.update(values, NAME=name)


def _close() -> None:
    from django.db import connections

    for connection in connections.all():
        connection.close()


def _recreate(parts: dict[str, Any], name: str, template: str = "template0") -> None:
    _drop(parts, name)
    _administer(parts, f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\'')


def _drop(parts: dict[str, Any], name: str) -> None:
    _administer(parts, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _administer(parts: dict[str, Any], statement: str) -> None:
    """Run one statement outside any transaction, in the database the address names."""
    import psycopg

    with psycopg.connect(to_url(parts), autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(autouse=True)
def unmanaged_tables_are_emptied(
    request: pytest.FixtureRequest, django_db_blocker: Any
) -> Iterator[None]:
    """After a test with real transactions; Django's own flush knows managed tables only."""
    mark = request.node.get_closest_marker("django_db")
    real = mark is not None and mark.kwargs.get("transaction")
    yield
    if not real and "transactional_db" not in request.fixturenames:
        return
    from django.apps import apps
    from django.db import connections

    tables = sorted({m._meta.db_table for m in apps.get_models() if not m._meta.managed})
    with django_db_blocker.unblock(), connections["default"].cursor() as cursor:
        cursor.execute("; ".join(f'DELETE FROM "{table}"' for table in tables))


# --- A whole stack -----------------------------------------------------------------------------


@pytest.fixture
def open_folder(run_folder: Path) -> Path:
    """A folder that the servers' own user may pass through (pytest's are closed to it).

    As root, clusters of closed folders go to /var/lib and would stay there.
    """
    return make_open_folder(run_folder)


def make_open_folder(run_folder: Path) -> Path:
    """A new folder of this run, removed with it."""
    folder = Path(tempfile.mkdtemp(dir=run_folder))
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="session")
def stack_mail() -> Iterator[SmtpSink]:
    """Where the stack's mail goes."""
    with SmtpSink() as sink:
        yield sink


@pytest.fixture(scope="session")
def stack(run_folder: Path, stack_mail: SmtpSink) -> Iterator[Stack]:
    """`manage.py up` on a free port with a data folder of its own: the product as people run it."""
    extra = {
        "EMAIL_URL": f"smtp://{stack_mail.host}:{stack_mail.port}",
        "EMBERWATCH_OUTBOUND_ALLOW": "127.0.0.1",
        "DIGEST_LEASE": "4",
    }
    with Stack.start(make_open_folder(run_folder), **extra) as started:
        yield started
