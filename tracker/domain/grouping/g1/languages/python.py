"""Python."""

import re

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import Call, Language

_LIBRARY_PATH = re.compile(
    r"(?:site|dist)-packages[/\\]|[/\\]lib(?:64)?[/\\]python\d|[/\\]Python\d+[/\\]Lib[/\\]|\.egg[/\\]"
    r"|^<frozen |^<__array|^<attrs generated"
)

_LIBRARIES = words.word_set("""
    asyncio concurrent threading multiprocessing importlib runpy contextlib functools json
    logging unittest socket ssl http urllib email subprocess queue selectors socketserver
    wsgiref xmlrpc traceback encodings codecs re ast abc collections copy csv ctypes datetime
    decimal dis enum inspect io os pathlib pickle random select shutil smtplib sqlite3
    statistics string struct tempfile typing uuid warnings weakref zipfile zoneinfo
    django rest_framework flask celery kombu billiard amqp sqlalchemy requests urllib3 httpx
    httpcore aiohttp starlette fastapi uvicorn gunicorn gevent greenlet eventlet twisted
    tornado werkzeug jinja2 pydantic pydantic_core psycopg psycopg2 asyncpg pymysql MySQLdb
    redis pymongo boto3 botocore grpc google sentry_sdk raven rollbar rq dramatiq huey
    tenacity backoff anyio trio attr attrs click typer marshmallow numpy pandas""")
"""Judged by name only where the SDK says nothing and the path is no help."""

_AROUND = frozenset(("<lambda>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"))


def _is_app(frame: Frame) -> bool:
    if frame.in_app is False:
        return False
    path = frame.abs_path or frame.filename
    if _LIBRARY_PATH.search(path) or path.startswith("<"):
        return False
    if frame.in_app is None and frame.module.split(".", 1)[0] in _LIBRARIES:
        return False
    # Cython names functions by their module: a compiled extension, whatever the path says.
    return not (frame.module and frame.function.startswith(frame.module + "."))


def read(frame: Frame) -> Call:
    """`<lambda>` and comprehensions borrow; modules lose all but their last two parts."""
    name = frame.function
    if ".<locals>." in name:
        name = name.rsplit(".<locals>.", 1)[1]
    borrows = name in _AROUND or not name
    if not borrows:
        name = name.rsplit(".", 1)[-1]
    module = frame.module
    if not module or module == "__main__":
        module = words.tail(frame.filename).replace("/", ".")
    unit = words.last_parts(module)
    unit = unit.removesuffix(".__init__")
    app = _is_app(frame)
    return Call(
        name="" if borrows else name,
        unit=unit,
        app=app,
        skip=name.lower() in words.REPORTERS,
        helper=app and words.is_helper(module),
        generic=app and words.is_generic(name, unit),
        borrows=borrows,
    )


LANGUAGE = Language(name="python", platforms=("python",), read=read)
