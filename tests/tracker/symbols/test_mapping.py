"""Minified frames become what people wrote, before they are grouped."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.events import send
from tests.tracker.symbols.conftest import (
    ADDRESS,
    DEBUG_ID,
    MAP,
    MINIFIED,
    build,
    entry,
    js_event,
    upload,
)
from tracker.models import EventRow, Issue, MissingMap, Project
from tracker.payloads import unpack
from tracker.symbols import bundles
from tracker.symbols.mapping import called_at

pytestmark = pytest.mark.django_db


def stored(project: Project) -> dict[str, Any]:
    row = EventRow.objects.filter(project_id=project.pk).order_by("-received_at").first()
    assert row is not None
    return unpack(bytes(row.payload), row.dictionary)


def crash(project: Project) -> dict[str, Any]:
    link: dict[str, Any] = stored(project)["exception"]["values"][0]
    return link


def is_mapped(link: dict[str, Any]) -> bool:
    frames = link["stacktrace"]["frames"]
    found = [(f["filename"], f["lineno"], f["function"]) for f in frames]
    return found == [
        ("src/main.ts", 7, "<anonymous>"),
        ("src/main.ts", 6, "checkout"),
        ("src/main.ts", 3, "payForBasket"),
        ("src/cart.ts", 8, "Basket.totalOfBasket"),
    ]


def test_by_debug_id(shop: Project):
    upload(shop, build(DEBUG_ID))
    send(shop, js_event(debug_id=DEBUG_ID))
    link = crash(shop)
    assert is_mapped(link), link["stacktrace"]
    last = link["stacktrace"]["frames"][-1]
    line = "      throw new BasketError("
    assert last["context_line"].startswith(line)
    assert last["colno"] == line.index("new") + 1
    assert [f["colno"] for f in link["stacktrace"]["frames"][:-1]] == [20, 43, 24]
    assert last["pre_context"][-1].strip() == "if (!this.lines.length) {"
    assert last["abs_path"] == "https://shop.example/src/cart.ts"
    assert link["raw_stacktrace"]["frames"][-1]["colno"] == 554
    issue = Issue.objects.get(project=shop)
    assert "totalOfBasket" in issue.culprit
    assert "errors" not in stored(shop)
    assert not MissingMap.objects.exists()


@pytest.mark.parametrize(
    "address",
    [ADDRESS, ADDRESS + "?v=3#x", "http://cdn.example:8080/static/shop.min.js", "app:///static/shop.min.js",
     "/srv/shop/static/shop.min.js", "file:///srv/static/shop.min.js", "C:\\srv\\static\\shop.min.js"],
)  # fmt: skip
def test_by_release_and_address(shop: Project, address: str):
    upload(shop, build(), release="shop@1")
    send(shop, js_event(address, release="shop@1"))
    assert is_mapped(crash(shop)), stored(shop).get("errors")


def test_another_release_or_dist_is_not_taken(shop: Project):
    upload(shop, build(), release="shop@1", dist="web")
    send(shop, js_event(release="shop@2", dist="web"))
    assert not is_mapped(crash(shop))
    send(shop, js_event(release="shop@1", dist="ios"))
    assert not is_mapped(crash(shop))
    send(shop, js_event(release="shop@1", dist="web"))
    assert is_mapped(crash(shop))


def test_a_missing_map_says_what_was_looked_for(shop: Project):
    send(shop, js_event(debug_id=DEBUG_ID))
    [note] = stored(shop)["errors"]
    assert note["type"] == "source_map_missing"
    assert note["name"] == ADDRESS
    assert str(DEBUG_ID) in note["value"] and "sentry-cli sourcemaps upload" in note["value"]
    send(shop, js_event(release="shop@1", dist="web"))
    [note] = stored(shop)["errors"]
    assert "~/static/shop.min.js" in note["value"] and "shop@1, dist web" in note["value"]
    send(shop, js_event())
    [note] = stored(shop)["errors"]
    assert "no debug id" in note["value"]
    missed = MissingMap.objects.order_by("pk").values_list("debug_id", "release", "url")
    assert list(missed) == [
        (DEBUG_ID, "", ADDRESS), (None, "shop@1", ADDRESS), (None, "", ADDRESS),
    ]  # fmt: skip


def test_a_map_alone_and_a_broken_one(shop: Project):
    alone = bundles.make([(entry("source_map", "~/static/shop.min.js.map", MAP), MAP)], "", "")
    upload(shop, alone, release="1")
    send(shop, js_event(release="1"))
    last = crash(shop)["stacktrace"]["frames"][-1]
    assert (last["filename"], last["lineno"]) == ("src/cart.ts", 8)
    bad = b'{"version": 3, "sources": ["a.ts"], "mappings": "!!!!"}'
    broken = bundles.make(
        [(entry("minified_source", "~/static/shop.min.js", MINIFIED, DEBUG_ID), MINIFIED),
         (entry("source_map", "~/static/shop.min.js.map", bad, DEBUG_ID), bad)], "", "",
    )  # fmt: skip
    upload(shop, broken)
    send(shop, js_event(debug_id=DEBUG_ID))
    [note] = stored(shop)["errors"]
    assert note["type"] == "source_map_broken"
    assert not MissingMap.objects.exists()


def test_server_code_that_was_never_built_is_left_in_peace(shop: Project):
    event = js_event("/srv/shop/server.js", platform="node")
    for frame in event["exception"]["values"][0]["stacktrace"]["frames"]:
        frame.update(abs_path=frame["filename"], lineno=40, colno=11, context_line="  pay();")
    send(shop, event)
    assert "errors" not in stored(shop)
    assert not MissingMap.objects.exists()


@pytest.mark.parametrize(
    ("line", "column", "name"),
    [
        ("  return basket.totalOfBasket(discount) + 1;", 9, "totalOfBasket"),
        ("  return basket.totalOfBasket(discount) + 1;", 16, "totalOfBasket"),
        ("  checkout(name);", 2, "checkout"),
        ("  throw new BasketError(`a`);", 8, "BasketError"),
        ("  this.lines?.map?.(f)", 2, "map"),
        ("  a . b  (f)", 2, "b"),
        ("  this.#pay(f)", 2, "pay"),
        ("  const a = b;", 8, ""),
        ("  (x) => x", 2, ""),
        ("", 40, ""),
        ("." * 5_000, 0, ""),
        ("a." * 5_000, 0, ""),
    ],
)
def test_what_is_called_at_a_position(line: str, column: int, name: str):
    assert called_at(line, column) == name
