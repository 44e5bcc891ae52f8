"""A second history, in JavaScript, written after the rules of ranking were settled: held out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.tracker.vcs.history import Writer, add, edit, move, payload_of, run_at, write

FIRST = {
    "src/cart.js": """const { total } = require("./math");

function line(item) {
  const price = item.price.toFixed(2);
  return `${item.name}: ${price}`;
}

function sum(items) {
  return total(items.map((item) => item.price));
}

function print(items) {
  return (items || []).map(line).join(", ");
}

module.exports = { line, sum, print };
""",
    "src/math.js": """function total(numbers) {
  return numbers.reduce((a, b) => a + b, 0);
}

function mean(numbers) {
  return total(numbers) / numbers.length;
}

module.exports = { total, mean };
""",
    "src/users.js": """const USERS = [{ id: 1, name: "Zoe", tags: ["new"] }];

function load() {
  return USERS;
}

function label(user) {
  const city = user.address?.city || "nowhere";
  return `${user.name}, ${city}`;
}

function tagged(tag) {
  const users = load();
  return users.filter((user) => user.tags.includes(tag));
}

function initials(user) {
  const name = user.name.trim();
  return name[0];
}

module.exports = { load, label, tagged, initials };
""",
    "src/format.js": """function date(value, options = {}) {
  const when = new Date(value);
  const year = when.getUTCFullYear();
  const locale = options.locale || "en";
  return `${year} (${locale})`;
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}

module.exports = { date, percent };
""",
    "src/plans.js": """const LIMITS = {
  free: { seats: 3 },
  team: { seats: 20 },
};

function names() {
  return Object.keys(LIMITS);
}

function seats(plan) {
  const limit = LIMITS[plan];
  return limit.seats;
}

module.exports = { names, seats };
""",
    "src/tree.js": """function depth(node) {
  if (!node || node.seen) {
    return 0;
  }
  return 1 + depth(node.next);
}

function size(node) {
  return node ? 1 + size(node.left) + size(node.right) : 0;
}

module.exports = { depth, size };
""",
    "lib/tax.js": """const RATES = { de: { vat: 19 }, fr: { vat: 20 } };

function rate(country) {
  const found = RATES[country];
  if (!found) {
    return 0;
  }
  return found.vat;
}

function gross(net, country) {
  return net + (net * rate(country)) / 100;
}

module.exports = { rate, gross };
""",
    "src/queue.js": """class Queue {
  constructor() {
    this.jobs = [];
  }

  push(job) {
    this.jobs.push(job);
    return this.jobs.length;
  }

  next() {
    const job = this.jobs.shift();
    return job ? job.name : "idle";
  }
}

module.exports = { Queue };
""",
    "src/api.js": """const cart = require("./cart");
const users = require("./users");
const format = require("./format");
const plans = require("./plans");
const tree = require("./tree");
const tax = require("../lib/tax");
const { Queue } = require("./queue");

exports.receipt = (items) => cart.print(items);
exports.amount = (items) => cart.sum(items);
exports.row = (item) => cart.line(item);
exports.person = (user) => users.label(user);
exports.badge = (user) => users.initials(user);
exports.fresh = () => users.tagged("new");
exports.day = (value) => format.date(value);
exports.room = (plan) => plans.seats(plan);
exports.deep = (node) => tree.depth(node);
exports.invoice = (net, country) => tax.gross(net, country);
exports.work = () => new Queue().next();
""",
}

SCENES = {
    "price": "api.row({ name: 'lamp', price: 3 })",
    "destructure": "api.amount([{ price: 3 }])",
    "items": "api.receipt(undefined)",
    "city": "api.person({ name: 'Zoe' })",
    "async": "api.fresh()",
    "caller": "api.badge({ id: 1, name: 'Zoe' })",
    "default": "api.day(0)",
    "plan": "api.room('free')",
    "endless": "(() => { const a = {}; a.next = a; a.seen = false; return api.deep(a); })()",
    "country": "api.invoice(100, 'it')",
    "idle": "api.work()",
}


def plant(folder: Path) -> dict[str, str]:
    """Write it; commits by the bug that they planted."""
    writer = Writer()
    do = writer.commit
    do("First import", lambda files: files.update(FIRST))
    do("Say what this is", add("README", "A shop.\n"))
    writer.tag("v1.0.0")
    cart, users, fmt = "src/cart.js", "src/users.js", "src/format.js"
    plans, tree, tax, queue, api = (
        "src/plans.js",
        "src/tree.js",
        "lib/tax.js",
        "src/queue.js",
        "src/api.js",
    )
    do("Count things", add(cart, "\nmodule.exports.count = (items) => items.length;\n"))
    do("Prices are costs", edit(cart, ("item.price.toFixed(2)", "item.cost.toFixed(2)")), "price")
    do(
        "Nicer lines",
        edit(cart, ("return `${item.name}: ${price}`;", "return `${item.name} - ${price}`;")),
    )
    do(
        "Math has a default export",
        edit(cart, ("const { total } = require", "const total = require")),
        "destructure",
    )
    do("Separate by semicolons", edit(cart, ('.join(", ")', '.join("; ")')))
    do(
        "Lists are always there",
        edit(cart, ("(items || []).map(line)", "items.map(line)")),
        "items",
    )
    do(
        "Mean of nothing",
        edit(
            "src/math.js",
            (
                "return total(numbers) / numbers.length",
                "return numbers.length ? total(numbers) / numbers.length : 0",
            ),
        ),
    )
    do("Everybody has an address", edit(users, ("user.address?.city", "user.address.city")), "city")
    do(
        "Names first",
        edit(users, ("return `${user.name}, ${city}`;", "return `${user.name} (${city})`;")),
    )
    do(
        "Two users",
        edit(users, ('tags: ["new"] }', 'tags: ["new"] }, { id: 2, name: "Al", tags: [] }')),
    )
    do(
        "Users come from the database",
        edit(users, ("function load()", "async function load()")),
        "async",
    )
    do(
        "Tags ignore case",
        edit(users, ("user.tags.includes(tag)", "user.tags.includes(tag.toLowerCase())")),
    )
    do(
        "Badges need the id only",
        edit(api, ("users.initials(user)", "users.initials(user.id)")),
        "caller",
    )
    do("Initials in capitals", edit(users, ("return name[0];", "return name[0].toUpperCase();")))
    do(
        "Explain labels",
        edit(
            users,
            ("function label(user) {", "// Name and place of a person.\nfunction label(user) {"),
        ),
    )
    do(
        "Options are explicit",
        edit(fmt, ("date(value, options = {})", "date(value, options)")),
        "default",
    )
    do("Years only", edit(fmt, ("return `${year} (${locale})`;", "return `${year}, ${locale}`;")))
    do(
        "Percent of one digit",
        edit(fmt, ("Math.round(share * 100)", "Math.round(share * 1000) / 10")),
    )
    do("Free is called starter", edit(plans, ("free: {", "starter: {")), "plan")
    do("Teams are bigger", edit(plans, ("seats: 20", "seats: 25")))
    do(
        "Sorted names",
        edit(plans, ("return Object.keys(LIMITS);", "return Object.keys(LIMITS).sort();")),
    )
    do(
        "Plans are looked up once",
        edit(
            plans,
            (
                "const limit = LIMITS[plan];\n  return limit.seats;",
                "const found = LIMITS[plan];\n  return found.seats;",
            ),
        ),
    )
    do("Trees have no marks", edit(tree, ("if (!node || node.seen) {", "if (!node) {")), "endless")
    do("Count nodes", add(tree, "\nmodule.exports.leaf = (node) => !node.left && !node.right;\n"))
    do(
        "Every country has a rate",
        edit(tax, ("  if (!found) {\n    return 0;\n  }\n", "")),
        "country",
    )
    do("Italy soon", edit(tax, ("fr: { vat: 20 }", "fr: { vat: 20 }, es: { vat: 21 }")))
    do("Tax is a folder", move("lib/tax.js", "lib/tax/index.js"))
    do(
        "Round invoices",
        edit(
            "lib/tax/index.js",
            (
                "return net + (net * rate(country)) / 100;",
                "return Math.round(net + (net * rate(country)) / 100);",
            ),
        ),
    )
    do(
        "Queues never rest",
        edit(queue, ('return job ? job.name : "idle";', "return job.name;")),
        "idle",
    )
    do(
        "Queues say how long they are",
        edit(queue, ("    return this.jobs.length;", "    return this.jobs.length + 1;")),
    )
    do(
        "Four spaces",
        everywhere_js(lambda text: re.sub(r"^( +)", lambda m: m[1] * 2, text, flags=re.MULTILINE)),
    )
    do("Single quotes", everywhere_js(lambda text: text.replace('"', "'")))
    writer.tag("v1.1.0")
    return write(writer, folder)


def everywhere_js(do: Any) -> Any:
    def change(files: dict[str, str]) -> None:
        for path, text in files.items():
            if path.endswith(".js"):
                files[path] = do(text)

    return change


_RUN = r"""
const api = require(process.argv[1] + "/src/api.js");
const scenes = JSON.parse(require("fs").readFileSync(0, "utf8"));
const found = {};
for (const [name, call] of Object.entries(scenes)) {
  try { eval(call); } catch (error) {
    const frames = [];
    for (const line of String(error.stack).split("\n")) {
      const at = line.match(/^\s+at (?:(.*?) \()?(\/.*?):(\d+):(\d+)\)?$/);
      if (at) frames.unshift({ function: at[1] || "", filename: at[2], abs_path: at[2],
        lineno: +at[3], colno: +at[4], in_app: at[2].startsWith(process.argv[1]) });
    }
    found[name] = { type: error.name, value: error.message, frames };
  }
}
console.log(JSON.stringify(found));
"""


def crashes(repository: Path, commit: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Payloads of what really goes wrong at a commit, by bug."""
    said = run_at(repository, commit, folder, ["node", "-e", _RUN], SCENES)
    return {bug: payload_of(error, folder, "node") for bug, error in said.items()}
