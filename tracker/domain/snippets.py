"""How to point each SDK at a project: what the set-up page offers to copy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """One SDK."""

    name: str
    install: str
    code: str
    try_it: str
    """A line that sends the first event."""


def snippets(dsn: str, base_url: str, post_server: str, post_client: str) -> list[Snippet]:
    """Ready to paste; `base_url` has no final slash."""
    return [
        Snippet("Python", "pip install sentry-sdk", _PYTHON.format(dsn=dsn), "1 / 0"),
        Snippet(
            "Django",
            "pip install sentry-sdk",
            "# settings.py\n" + _PYTHON.format(dsn=dsn),
            'python manage.py shell -c "1 / 0"',
        ),
        Snippet(
            "Node",
            "npm install @sentry/node",
            "// instrument.js: load it first, node --require ./instrument.js app.js\n"
            + _SCRIPT.format(name='const Sentry = require("@sentry/node");', dsn=dsn),
            'Sentry.captureException(new Error("first event"));',
        ),
        Snippet(
            "Browser",
            "npm install @sentry/browser",
            _SCRIPT.format(name='import * as Sentry from "@sentry/browser";', dsn=dsn),
            'setTimeout(() => { throw new Error("first event"); });',
        ),
        Snippet(
            "Other Sentry SDK",
            "",
            f"# Every Sentry SDK reads these\nexport SENTRY_DSN={dsn}\n"
            "export SENTRY_RELEASE=my-app@1.0.0\nexport SENTRY_ENVIRONMENT=production",
            "",
        ),
        Snippet(
            "Rollbar Python",
            "pip install rollbar",
            _ROLLBAR_PYTHON.format(token=post_server, url=base_url),
            'rollbar.report_message("first event", "error")',
        ),
        Snippet(
            "Rollbar.js",
            "npm install rollbar",
            _ROLLBAR_JS.format(token=post_client, url=base_url),
            'rollbar.error("first event");',
        ),
        Snippet(
            "curl",
            "",
            _CURL.format(url=base_url, dsn=dsn, project=dsn.rpartition("/")[2]),
            "",
        ),
    ]


_PYTHON = """\
import sentry_sdk

sentry_sdk.init(
    dsn="{dsn}",
    release="my-app@1.0.0",
    environment="production",
)"""

_SCRIPT = """\
{name}

Sentry.init({{
  dsn: "{dsn}",
  release: "my-app@1.0.0",
  environment: "production",
}});"""

_ROLLBAR_PYTHON = """\
import rollbar

rollbar.init(
    "{token}",
    environment="production",
    code_version="1.0.0",
    endpoint="{url}/api/1/item/",
)"""

_ROLLBAR_JS = """\
import Rollbar from "rollbar";

const rollbar = new Rollbar({{
  accessToken: "{token}",
  endpoint: "{url}/api/1/item/",
  captureUncaught: true,
  captureUnhandledRejections: true,
  payload: {{ environment: "production" }},
}});"""

_CURL = """\
printf '%s\\n' '{{"dsn":"{dsn}"}}' '{{"type":"event"}}' \\
  '{{"message":"first event","level":"error"}}' |
  curl {url}/api/{project}/envelope/ --data-binary @-"""
