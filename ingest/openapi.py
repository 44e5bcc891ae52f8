"""What SDKs may post, as an OpenAPI document: `/api/ingest/schema/`.

Written by hand: the views read raw bytes, of which no serializer knows. A test keeps it complete,
and schemathesis holds the running product against it (tests/ingest/test_openapi.py).
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

Json = dict[str, Any]

_KEY = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_OBJECT: Json = {"type": "object"}
_ANY: Json = {"application/octet-stream": {"schema": {"type": "string"}}}
_SLUG = {"type": "string", "minLength": 1, "maxLength": 50, "pattern": "^[a-z0-9_-]+$"}

_PROJECT: Json = {
    "name": "project", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1},
}  # fmt: skip
_QUERY_KEY: Json = {"name": "sentry_key", "in": "query", "schema": _KEY}
_EVENT: Json = {"name": "event_id", "in": "path", "required": True, "schema": _ID}
_HEADERS: Json = {
    "X-Sentry-Error": {"schema": {"type": "string"}},
    "Access-Control-Allow-Origin": {"schema": {"type": "string"}},
}
_LIMITS: Json = {
    **_HEADERS,
    "Retry-After": {"schema": {"type": "integer", "minimum": 1}},
    "X-Sentry-Rate-Limits": {"schema": {"type": "string"}},
}


def _json(schema: Json, **more: Any) -> Json:
    return {"description": "", "content": {"application/json": {"schema": schema}}, **more}


_ERROR = {
    "type": "object", "required": ["detail"],
    "properties": {"detail": {"type": "string", "maxLength": 300}, "causes": {"type": "array"}},
}  # fmt: skip
_ROLLBAR_ERROR = {
    "type": "object", "required": ["err", "message"],
    "properties": {"err": {"const": 1}, "message": {"type": "string", "maxLength": 300}},
}  # fmt: skip
_ACCEPTED = {"type": "object", "properties": {"id": _ID}, "additionalProperties": False}
_WHY = {
    "400": "Not readable: coding, framing or syntax.",
    "401": "No key was sent.",
    "403": "Unknown or disabled key, or one of another project: one text for all.",
    "404": "Nothing is at this address.",
    "405": "Another method.",
    "408": "The body did not arrive in time.",
    "413": "Larger than 20 MiB as sent, 100 MiB unpacked, or an event above 1 MiB.",
    "414": "The address is longer than 8 KiB.",
    "415": "An unknown Content-Encoding, or a report of another type.",
    "422": "JSON, but not an item.",
    "429": "Rate, quota or backlog; what to wait for is in the headers.",
    "431": "More than 100 headers, or 64 KiB of them.",
}


def _refusals(error: Json, also: tuple[str, ...] = ()) -> Json:
    made = {}
    for status, why in _WHY.items():
        if status in {"415", "422"} and status not in also:
            continue
        headers = _LIMITS if status == "429" else _HEADERS
        # /api/1/ is Rollbar's too, which says it in its own words.
        schema = _OBJECT if status == "404" else error
        made[status] = {**_json(schema, headers=headers), "description": why}
    return made


def _operation(
    name: str,
    summary: str,
    success: Json,
    *,
    parameters: list[Json] | None = None,
    body: Json | None = None,
    error: Json = _ERROR,
    also: tuple[str, ...] = ("415",),
    security: list[Json] | None = None,
) -> Json:
    made: Json = {
        "operationId": name,
        "summary": summary,
        "parameters": parameters or [],
        "responses": {**success, **_refusals(error, also)},
        "security": security if security is not None else [{"sentry": []}, {"query": []}],
    }
    if body is not None:
        made["requestBody"] = {"content": body}
    return made


_OK = {"200": {**_json(_ACCEPTED, headers=_LIMITS), "description": "Durably stored."}}
_EMPTY_OK = {"200": _json(_OBJECT), "201": _json(_OBJECT)}
_DATA = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "access_token": {"type": "string"},
        "data": {
            "type": "object",
            "required": ["environment", "body"],
            "properties": {
                "environment": {"type": "string"},
                "body": _OBJECT,
                "level": {"enum": ["critical", "error", "warning", "info", "debug"]},
                "uuid": {"type": "string", "maxLength": 36},
            },
        },
    },
}
_ROLLBAR_OK = {
    "type": "object",
    "required": ["err", "result"],
    "properties": {"err": {"const": 0}, "result": _OBJECT},
}
_DEPLOY = {
    "type": "object",
    "required": ["environment", "revision"],
    "properties": {
        "environment": {"type": "string"},
        "revision": {"type": "string"},
        "status": {"enum": ["started", "succeeded", "failed", "timed_out"]},
        "comment": {"type": "string"},
    },
}
_NOTICE = {
    "type": "object",
    "required": ["errors"],
    "properties": {"errors": {"type": "array", "minItems": 1, "items": _OBJECT}},
}
_CHECK_IN: list[Json] = [
    {"name": "slug", "in": "path", "required": True, "schema": _SLUG},
    {"name": "key", "in": "path", "required": True, "schema": _KEY},
    {"name": "status", "in": "query", "schema": {"enum": ["in_progress", "ok", "error"]}},
    {"name": "duration", "in": "query", "schema": {"type": "number"}},
    {"name": "environment", "in": "query", "schema": {"type": "string"}},
]
_TOKEN: list[Json] = [{"rollbar": []}]
_FILES = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"file": {"type": "string", "format": "binary"}},
        }
    }
}


_EVENT_BODY: Json = {"application/json": {"schema": _OBJECT}}


def _events() -> Json:
    envelope = {"application/x-sentry-envelope": {"schema": {"type": "string"}}}
    files = {"201": _json(_OBJECT)}
    dump = {"200": {"description": "The event's id.", "content": {"text/plain": {}}}}
    return {
        "/api/{project}/envelope/": {
            "post": _operation(
                "envelope", "Everything modern: one envelope.", _OK,
                parameters=[_PROJECT, _QUERY_KEY], body=envelope,
            )
        },
        "/api/{project}/store/": {
            "post": _operation(
                "store", "One event of an older client.", _OK,
                parameters=[_PROJECT, _QUERY_KEY], body=_EVENT_BODY,
            )
        },
        "/api/{project}/minidump/": {
            "post": _operation(
                "minidump", "A crash dump, alone or in a form.", dump,
                parameters=[_PROJECT, _QUERY_KEY], body=_FILES,
            )
        },
        "/api/{project}/events/{event_id}/attachments/": {
            "post": _operation(
                "attachments", "Files of an event sent earlier.", files,
                parameters=[_PROJECT, _EVENT, _QUERY_KEY], body=_FILES,
            )
        },
    }  # fmt: skip


def _reports() -> Json:
    report = {"application/csp-report": {"schema": _OBJECT}}
    check_in = {"202": _json(_OBJECT)}
    return {
        "/api/{project}/security/": {
            "post": _operation(
                "security", "CSP, Expect-CT, Expect-Staple, HPKP, Reporting API.", _EMPTY_OK,
                parameters=[_PROJECT, _QUERY_KEY], body=report,
            )
        },
        "/api/{project}/nel/": {
            "post": _operation(
                "nel", "Network Error Logging: counted, not kept.", _EMPTY_OK,
                parameters=[_PROJECT, _QUERY_KEY], body=_ANY,
            )
        },
        "/api/{project}/cron/{slug}/{key}/": {
            "get": _operation(
                "cron", "The check-in of a job by its address.", check_in,
                parameters=[_PROJECT, *_CHECK_IN], security=[],
            ),
        },
        "/api/{project}/otlp/v1/{kind}": {
            "post": _operation(
                "otlp", "OpenTelemetry logs and traces with exceptions.", {"200": _json(_OBJECT)},
                parameters=[
                    _PROJECT, _QUERY_KEY,
                    {"name": "kind", "in": "path", "required": True,
                     "schema": {"enum": ["logs", "traces"]}},
                ],
                body=_EVENT_BODY,
            )
        },
    }  # fmt: skip


def _others() -> Json:
    return {
        "/api/1/item/": {
            "post": _operation(
                "item", "Rollbar's items.", {"200": _json(_ROLLBAR_OK)},
                body={"application/json": {"schema": _DATA}},
                error=_ROLLBAR_ERROR, also=("415", "422"), security=_TOKEN,
            )
        },
        "/api/1/deploy/": {
            "post": _operation(
                "deploy", "Rollbar's deploys.", {"200": _json(_OBJECT)},
                body={"application/json": {"schema": _DEPLOY}},
                error=_ROLLBAR_ERROR, also=("415", "422"), security=_TOKEN,
            )
        },
        "/api/v3/projects/{project}/notices": {
            "post": _operation(
                "notice", "Airbrake's notices.", {"201": _json(_OBJECT)},
                parameters=[_PROJECT], body={"application/json": {"schema": _NOTICE}},
                error=_OBJECT, also=("415", "422"), security=[{"airbrake": []}],
            )
        },
    }  # fmt: skip


def document() -> Json:
    """The whole document."""
    schemes = {
        "sentry": {"type": "apiKey", "in": "header", "name": "X-Sentry-Auth"},
        "query": {"type": "apiKey", "in": "query", "name": "sentry_key"},
        "rollbar": {"type": "apiKey", "in": "header", "name": "X-Rollbar-Access-Token"},
        "airbrake": {"type": "apiKey", "in": "header", "name": "X-Airbrake-Token"},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Emberwatch: ingest",
            "version": "1",
            "description": (
                "What error SDKs post. 2xx means durably stored and counted once; anything else"
                " means refused, and counted as such. Every answer has CORS headers, every"
                " refusal one sentence; no answer is a 5xx."
            ),
        },
        "paths": {**_events(), **_reports(), **_others()},
        "components": {"securitySchemes": schemes},
    }


@require_safe
def schema(_request: HttpRequest) -> JsonResponse:
    """`GET /api/ingest/schema/`."""
    return JsonResponse(document(), json_dumps_params={"indent": 1})
