#!/usr/bin/env python
"""Every command of the product; those that need servers find or start the embedded ones."""

import os
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parent
NEED_NOTHING = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "regroup_dry_run",
    "startapp",
    "version",
}
"""Commands that ask no server; `makemigrations` is one too when it only checks."""


def main(arguments: list[str]) -> int:
    """Run one command and answer its exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.env import BadSetting, Env
    from config.run.errors import RunError

    try:
        if arguments[1:2] == ["up"]:
            from config.run.supervisor import main as up

            return up(BASE, Env(), arguments[2:])
        if not needs_servers(arguments[1:]):
            return execute(arguments)
        from config.run.place import told_url
        from config.run.servers import running

        env = Env()
        data = env.data_folder(BASE)
        with running(data, env):
            if not env.text("PORT") and not env.text("EMBERWATCH_URL") and (url := told_url(data)):
                os.environ["EMBERWATCH_URL"] = url  # of the stack that runs beside us
            import config.celery  # noqa: F401 - commands ring our queue's bells too

            return execute(arguments)
    except (BadSetting, RunError) as error:
        print(f"emberwatch: {error}", file=sys.stderr)
        return 2


def needs_servers(words: list[str]) -> bool:
    """Whether a command line is one that talks to the database."""
    if not words or words[0] in NEED_NOTHING or words[0].startswith("-"):
        return False
    if {"--help", "-h", "--version"} & set(words):
        return False
    return words[0] != "makemigrations"


def execute(arguments: list[str]) -> int:
    """Hand over to Django."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
