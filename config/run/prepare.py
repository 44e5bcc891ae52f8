"""Make the database ready: migrations, and the first user, team and project.

Run as `python -m config.run.prepare`; its last line of output is JSON with what
the supervisor shows: `dsn`, `project_id`, `public_key`, `password` ("" when the
user was there before).
"""

import json
import os
import secrets
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from config.env import BadSetting, Env, Origin
from config.run import place
from config.run.errors import RunError

MIGRATION_LOCK = 0x656D6265  # "embe"
"""Key of the advisory lock under which one process migrates at a time."""
LOOK = 0.5
"""Seconds between looks whether another one is done migrating."""


def main() -> int:
    """Migrate and fill; exit status 2 with a sentence on stderr when that cannot be done."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        import django

        django.setup()
        migrate()
        facts = first_project()
    except (BadSetting, RunError) as error:
        print(f"emberwatch: {error}", file=sys.stderr)
        return 2
    print(json.dumps(facts))
    return 0


def migrate() -> None:
    """Apply what is missing, alone. Raises RunError when the database does not answer."""
    from django.core.management import call_command
    from django.db import OperationalError, connections

    try:
        with connections["default"].cursor() as cursor:
            # Waiting in a statement would hold a snapshot, and indexes that are built beside the
            # work of others wait for those: both would wait for each other.
            while not _locked(cursor):
                time.sleep(LOOK)
            try:
                call_command("migrate", verbosity=0, interactive=False)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    except OperationalError as error:
        reason = str(error).strip().splitlines()[-1:]
        raise RunError(f"The database does not answer: {' '.join(reason)}") from None


def _locked(cursor: Any) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [MIGRATION_LOCK])
    return bool(cursor.fetchone()[0])


def first_project() -> dict[str, object]:
    """The first admin user, team and project, made at the first start."""
    if find_spec("tracker.actions.setup") is None:
        return {}
    from django.conf import settings

    bootstrap = import_module("tracker.actions.setup").bootstrap
    env = Env()
    kept: Path = settings.EMBERWATCH_DATA / "admin_password"
    given = env.text("EMBERWATCH_ADMIN_PASSWORD")
    fresh = not given and not kept.exists()
    if not given:
        place.make_data_folder(settings.EMBERWATCH_DATA)
        # Written before the user exists: a start that is killed here locks nobody out.
        given = place.keep_secret(kept, secrets.token_urlsafe(12))
    made = bootstrap(given)
    if fresh and not made.admin_created:
        kept.unlink(missing_ok=True)
    return {
        "project_id": made.project_id,
        "public_key": made.public_key,
        "dsn": dsn(settings.EMBERWATCH_URL, made.public_key, made.project_id),
        "password": given if made.admin_created else "",
    }


def dsn(origin: Origin, public_key: str, project_id: int) -> str:
    """What an SDK is given: where to send, as whom, to which project."""
    return f"{origin.scheme}://{public_key}@{str(origin).partition('//')[2]}/{project_id}"


if __name__ == "__main__":
    sys.exit(main())
