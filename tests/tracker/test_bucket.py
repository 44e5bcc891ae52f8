"""Attachments in a bucket: stored once, handed out as downloads, gone when they are deleted."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.core.files.storage import default_storage, storages

from tests.tracker.bucket import bucket
from tracker import attachments
from tracker.models import Attachment

WHEN = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def objects(settings, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with bucket() as (address, found):
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {
                "BACKEND": "storages.backends.s3.S3Storage",
                "OPTIONS": {
                    "bucket_name": "errors", "endpoint_url": address, "region_name": "here",
                    "location": "emberwatch", "default_acl": None, "file_overwrite": True,
                    "addressing_style": "path",
                },
            },
        }  # fmt: skip
        yield found
    assert storages  # settings are put back by the fixture, and the storages with them


def test_a_file_goes_there_and_comes_back(objects):
    content = bytes(range(256)) * 40
    stored = attachments.store(
        7, WHEN, "a" * 32, "core.dmp", "text/html", "event.minidump", content
    )
    [(path, kept)] = objects.items()
    assert path.startswith(f"/errors/emberwatch/attachments/7/2026-11-22/{'a' * 32}/")
    assert kept == content
    again = attachments.store(7, WHEN, "a" * 32, "core.dmp", "", "", content)
    assert again.path == stored.path and len(objects) == 1

    answer = attachments.download(Attachment(path=stored.path, filename="../core.dmp"))
    assert b"".join(answer) == content
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Type"] == "application/octet-stream"

    default_storage.delete(stored.path)
    assert objects == {}


@pytest.mark.parametrize("missing", ["storages", "boto3"])
def test_without_the_library_it_says_so_at_the_start(missing, tmp_path):
    hide = f"import sys; sys.modules[{missing!r}] = None\n"
    code = (
        hide
        + "import runpy; sys.argv = ['manage.py', 'check']; runpy.run_path('manage.py', run_name='__main__')"
    )
    env = {**os.environ, "S3_BUCKET": "errors", "EMBERWATCH_DATA": str(tmp_path)}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert f"S3_BUCKET is set, but {missing} can't be imported: install it with" in done.stderr
    assert "`make s3`" in done.stderr and "Traceback" not in done.stderr
