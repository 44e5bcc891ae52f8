"""How frames of each language are read: names, units, whose code it is."""

import pytest

from tests.domain.grouping.make import call, error, event, js
from tracker.domain import discover
from tracker.domain.grouping import keys_of
from tracker.domain.grouping.g1 import languages
from tracker.domain.grouping.g1.languages import language_of

NAMES = {
    "python": [
        ("parse", "parse"),
        ("<lambda>", ""),
        ("<listcomp>", ""),
        ("Order.save", "save"),
        ("make.<locals>.inner", "inner"),
    ],
    "javascript": [
        ("Object.shipTo", "shipTo"),
        ("Object.jobs_cmd [as jobs]", "jobs_cmd"),
        ("async Cart.total", "total"),
        ("new Cart", "Cart"),
        ("async*load", "load"),
        ("t/<", ""),
        ("mount/items</<", "items"),
        ("Cart.prototype.total", "total"),
        ("HTMLButtonElement.<anonymous>", ""),
        ("Cart.<anonymous>", "Cart"),
        ("?", ""),
        ("<anonymous>", ""),
        ("global code", ""),
        ("Cart.#price", "price"),
    ],
    "java": [
        ("charge", "charge"),
        ("lambda$charge$3", "charge"),
        ("lambda$null$0", ""),
        ("load$default", "load"),
        ("$anonfun$total$1", "total"),
        ("$r8$lambda$Ab12", ""),
        ("access$100", ""),
        ("total-impl", "total"),
        ("save$app_release", "save"),
    ],
    "ruby": [
        ("total", "total"),
        ("block in total", "total"),
        ("block (2 levels) in total", "total"),
        ("rescue in block in total", "total"),
        ("Shop::Cart#total", "total"),
        ("block in Shop::Cart#total", "total"),
        ("Shop::Cart.build", "build"),
        ("<main>", ""),
        ("_app_views_orders_show_html_erb___1234567_890", "orders_show_html_erb"),
    ],
    "php": [
        ("App\\Cart::half", "half"),
        ("App\\Http\\Kernel::App\\Http\\{closure}", ""),
        ("{closure:App\\Cart::total():12}", "total"),
        ("array_map", "array_map"),
        ("App\\helpers\\money", "money"),
        ("class@anonymous/srv/app/x.php:12$0::run", "run"),
    ],
    "go": [
        ("Load", "Load"),
        ("(*Service).Load", "Service.Load"),
        ("(*Service).Load.func1", "Service.Load"),
        ("runWorker.func1.2", "runWorker"),
        ("Map[...]", "Map"),
        ("(*List[...]).Push", "List.Push"),
    ],
    "csharp": [
        ("async Task<IActionResult> OrdersController.Get(Guid id)", "Get"),
        ("Carrier CarrierService.Cheapest(IList<Carrier> list)", "Cheapest"),
        ("<GetAsync>d__12.MoveNext", "GetAsync"),
        ("<Main>b__0_1", "Main"),
        ("<Load>g__Retry|3_0", "Load"),
        ("void Cart.Add(Item item)+(int x) => { }", "Add"),
        ("Convert[T]", "Convert[T]"),
    ],
    "cocoa": [
        ("FeedView.decodeAll()", "FeedView.decodeAll"),
        ("closure #1 in FeedView.load(_:)", "FeedView.load"),
        ("closure #2 in closure #1 in FeedView.load(_:)", "FeedView.load"),
        ("partial apply for closure #1 in FeedView.load(_:)", "FeedView.load"),
        ("specialized Store.find<A>(_:)", "Store.find"),
        ("static Store.shared.getter", "Store.shared"),
        ("@objc CartView.tap(_:)", "CartView.tap"),
        ("-[Cart total:]", "Cart.total:"),
        ("__-[Cart load]_block_invoke_2", "Cart.load"),
        ("-[Cart(Prices) total]", "Cart.total"),
        ("(1) suspend resume partial function for Api.load()", "Api.load"),
        ("<redacted>", ""),
    ],
    "native": [
        ("Pool::worker(int)::{lambda()#1}::operator()() const", "Pool::worker"),
        ("Grid<int, std::vector<int>>::at(unsigned long)", "Grid::at"),
        ("shop::(anonymous namespace)::load(char const*)", "shop::load"),
        ("shop::parse::h0123456789abcdef", "shop::parse"),
        ("shop::run::{{closure}}::h0123456789abcdef", "shop::run"),
        ("void shop::render<Mesh>(Mesh const&)", "shop::render"),
        ("load_config", "load_config"),
        ("Job::finish(int) [clone .cold]", "Job::finish"),
        ("load_config.part.0", "load_config"),
        ("operator new(unsigned long)", "operator new"),
        ("0x7fff12", ""),
    ],
    "dart": [
        ("OrderList.itemAt", "OrderList.itemAt"),
        ("OrderList.itemAt.<anonymous closure>", "OrderList.itemAt"),
        ("new Order", "Order"),
        ("<anonymous closure>", ""),
        ("main.<fn>", "main"),
    ],
}


@pytest.mark.parametrize(
    ("platform", "function", "name"),
    [(platform, *pair) for platform, pairs in NAMES.items() for pair in pairs],
)
def test_names_lose_what_compilers_add(platform, function, name):
    file = {"php": "/src/Shop.php", "javascript": "./src/cart.js"}.get(platform, "src/shop.x")
    assert call(platform, function=function, filename=file).name == name


UNITS = [
    ("python", {"module": "shop.web.views", "function": "f"}, "web.views"),
    (
        "python",
        {"filename": "scripts/run.py", "module": "__main__", "function": "f"},
        "scripts.run",
    ),
    (
        "node",
        {"filename": "/srv/releases/7/src/cart.js", "module": "src:cart", "function": "f"},
        "src/cart",
    ),
    ("node", {"filename": "C:\\apps\\api\\src\\cart.js", "function": "f"}, "src/cart"),
    ("java", {"module": "com.x.Cart$1", "function": "run"}, "com.x.Cart"),
    ("java", {"module": "com.x.Cart$Line", "function": "run"}, "com.x.Cart$Line"),
    ("java", {"module": "com.x.Cart$$EnhancerBySpringCGLIB$$ab12", "function": "f"}, "com.x.Cart"),
    ("java", {"module": "com.x.Home$onResume$1", "function": "invokeSuspend"}, "com.x.Home"),
    ("ruby", {"filename": "app/models/order.rb", "function": "f"}, "models/order"),
    ("php", {"filename": "/srv/r/1/src/Shop.php", "function": "App\\Cart::half"}, "App\\Cart"),
    ("go", {"module": "github.com/acme/shop/orders", "function": "f"}, "shop/orders"),
    ("csharp", {"module": "Shop.Core.Cart+<Load>d__3", "function": "MoveNext"}, "Cart"),
    ("csharp", {"module": "Shop.Core.Repo`1", "function": "Find"}, "Repo"),
    ("dart", {"filename": "package:shop/src/orders.dart", "function": "f"}, "orders"),
]


@pytest.mark.parametrize(("platform", "fields", "unit"), UNITS)
def test_units_lose_deploy_directories_and_compiler_marks(platform, fields, unit):
    assert call(platform, **fields).unit == unit


APP = [
    ("python", {"abs_path": "/app/shop/orders.py"}, True),
    (
        "python",
        {"abs_path": "/venv/lib/python3.12/site-packages/django/x.py", "in_app": True},
        False,
    ),
    ("python", {"abs_path": "/usr/lib/python3.11/json/decoder.py"}, False),
    ("python", {"abs_path": "C:\\Python311\\Lib\\json\\decoder.py"}, False),
    ("python", {"filename": "<frozen importlib._bootstrap>"}, False),
    ("python", {"filename": "celery/app/trace.py", "module": "celery.app.trace"}, False),
    (
        "python",
        {
            "module": "pydantic.main",
            "function": "pydantic.main.BaseModel.__init__",
            "abs_path": "/srv/shop/pydantic/main.py",
            "in_app": True,
        },
        False,
    ),
    ("node", {"filename": "/srv/node_modules/express/lib/router.js", "in_app": True}, False),
    ("node", {"filename": "node:internal/timers"}, False),
    ("javascript", {"filename": "chrome-extension://abc/inject.js", "in_app": True}, False),
    ("javascript", {"filename": "<anonymous>", "function": "JSON.parse", "in_app": True}, False),
    ("javascript", {"filename": "https://x.test/app.js", "function": "load"}, True),
    ("java", {"module": "java.util.ArrayList", "in_app": True}, False),
    ("java", {"module": "jdk.internal.reflect.GeneratedMethodAccessor12"}, False),
    ("java", {"module": "com.acme.Cart"}, True),
    ("kotlin", {"module": "androidx.fragment.app.Fragment", "in_app": True}, False),
    ("ruby", {"abs_path": "/usr/lib/ruby/gems/3.3.0/gems/rack-3/lib/rack.rb"}, False),
    ("ruby", {"filename": "app/cart.rb", "abs_path": "/srv/app/cart.rb"}, True),
    ("php", {"filename": "/vendor/laravel/framework/x.php", "function": "A::b"}, False),
    ("php", {"filename": "[internal]", "function": "array_map"}, False),
    ("go", {"module": "net/http", "function": "f"}, False),
    ("go", {"module": "main", "function": "f"}, True),
    ("go", {"module": "github.com/x/y", "abs_path": "/go/pkg/mod/github.com/x/y/a.go"}, False),
    ("csharp", {"module": "System.Linq.Enumerable", "in_app": True}, False),
    ("csharp", {"module": "Shop.Core.Cart"}, True),
    ("cocoa", {"function": "f()", "package": "/System/Library/Frameworks/UIKit"}, False),
    ("native", {"function": "f", "package": "/usr/lib/libc.so.6", "in_app": True}, False),
    ("native", {"function": "std::terminate()", "package": "/opt/game/client"}, False),
    ("dart", {"function": "f", "abs_path": "dart:core-patch/list.dart"}, False),
]


@pytest.mark.parametrize(("platform", "fields", "app"), APP)
def test_whose_code_it_is(platform, fields, app):
    fields = {"function": "f", **fields}
    assert call(platform, **fields).app is app


MINIFIED = [
    ({"filename": "https://x.test/a-1b2c3d4e.js", "function": "Object.ga", "colno": 9}, True),
    ({"filename": "https://x.test/a-1b2c3d4e.js", "function": "xyz", "colno": 2400}, True),
    ({"filename": "https://x.test/a-1b2c3d4e.js", "function": "at", "colno": 2400}, True),
    ({"filename": "https://x.test/main.js", "function": "at", "colno": 24}, False),
    ({"filename": "https://x.test/main.js", "function": "Object.applyCoupon", "colno": 24}, False),
    ({"filename": "https://x.test/main.js", "function": "add", "colno": 24}, False),
    ({"filename": "./src/ui.js", "function": "t", "context_line": "x.y"}, False),
]


@pytest.mark.parametrize(("fields", "minified"), MINIFIED)
def test_minified_names_are_known(fields, minified):
    assert call("javascript", **fields).minified is minified


HELPERS = [
    ("python", {"module": "shop.utils.http", "function": "get_json"}, True),
    ("python", {"module": "shop.billing", "function": "capture"}, False),
    ("java", {"module": "com.x.Shop$Util", "function": "field"}, True),
    ("php", {"function": "App\\Util::field", "filename": "/a.php"}, True),
    (
        "php",
        {"function": "App\\Http\\Controllers\\CartController::show", "filename": "/a.php"},
        False,
    ),
    ("ruby", {"filename": "lib/shop/cart.rb", "function": "total"}, False),
    ("node", {"filename": "/srv/src/lib/parse.js", "function": "parseJson"}, True),
    ("dart", {"filename": "lib/cart.dart", "function": "f"}, False),
]


@pytest.mark.parametrize(("platform", "fields", "helper"), HELPERS)
def test_shared_helpers_are_known_by_where_they_live(platform, fields, helper):
    assert call(platform, **fields).helper is helper


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("parseJson", "shop.orders"),
        ("get_json", "shop.orders"),
        ("get_or_fail", "shop.orders"),
        ("assertOk", "shop.orders"),
        ("throwIfNull", "shop.orders"),
        ("require", "shop.orders"),
        ("ensure_positive", "shop.orders"),
        ("request", "shop.api_client"),
        ("fetchAsync", "shop.http"),
        ("run", "shop.db"),
        ("find", "shop.repository"),
        ("fetch!", "shop.base_repo"),
    ],
)
def test_generic_names_say_nothing(name, module):
    assert call("python", module=module, function=name).generic


@pytest.mark.parametrize("name", ["request", "call", "run", "fetchAsync", "send"])
def test_a_bare_verb_in_a_module_of_its_own_is_a_place(name):
    assert not call("python", module="shop.load_order", function=name).generic


def test_a_lookup_of_one_thing_is_a_place():
    assert not call("python", module="shop.order_repository", function="find").generic


def test_what_compilers_give_to_enums_takes_its_caller():
    assert call("java", module="com.acme.shop.Status", function="valueOf").generic


def test_a_method_of_a_class_of_its_own_is_a_place_in_javascript():
    names = {"filename": "/app/src/db.js", "in_app": True}
    assert not call("node", function="OrderLoader.run", **names).generic
    assert call("node", function="run", **names).generic
    assert call("node", function="BaseClient.run", **names).generic


def test_a_verb_needs_its_module_beside_it_where_modules_do_not_count():
    one = event("node", error("E", "", js("/app/src/load-order.js", "run")))
    other = event("node", error("E", "", js("/app/src/load-user.js", "run")))
    assert keys_of(one).keys[-1] != keys_of(other).keys[-1]


def test_a_proxy_stands_for_the_method_it_wraps():
    found = call(
        "java",
        function="monthly",
        module="com.acme.ReportService$$SpringCGLIB$$0",
        filename="<generated>",
    )
    assert (found.label, found.app) == ("com.acme.ReportService.monthly", True)
    assert not call("java", function="save", module="jdk.proxy2.$Proxy12", in_app=True).app


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("<shop::cart::Cart as shop::Total>::total", "shop::cart::Cart::total"),
        ("<shop::Foo<T> as shop::Bar<U>>::baz::{{closure}}", "shop::Foo::baz"),
        (
            "shop::<impl shop::T for shop::Cart>::total::h0123456789abcdef",
            "shop::shop::Cart::total",
        ),
        ("shop::run::{closure#3}", "shop::run"),
        ("<unfinished", "unfinished"),
    ],
)
def test_methods_of_rust_traits_belong_to_the_type(function, name):
    assert call("native", function=function).name in (name, "")


def test_rusts_own_library_is_none_of_the_application():
    function = "<core::iter::adapters::map::Map<I,F> as core::iter::Iterator>::fold"
    assert not call("native", function=function, in_app=True).app


@pytest.mark.parametrize(
    "name", ["parse_amount", "fetchAll", "process", "load_order", "checkout", "readAsync"]
)
def test_business_names_are_not_generic(name):
    assert not call("python", module="shop.x", function=name).generic


def test_every_language_is_found_and_claims_its_platforms_alone():
    found = discover.members(languages, "LANGUAGE")
    platforms = [platform for language in found for platform in language.platforms]
    assert len(platforms) == len(set(platforms))
    assert len(found) == 11
    assert language_of("nobody-knows").name == "other"


@pytest.mark.parametrize(
    ("source", "bundled"),
    [
        ("return cart.coupon.percent;", "return cart2.coupon.percent;"),
        ("const x = get('a', { timeout: 2000 })", 'var x = get("a", { timeout: 2e3 });'),
        ("const { card } = undefined;", "const { card } = void 0;"),
        ("return new Date('x');", 'return /* @__PURE__ */ new Date("x");'),
        ("return total(lines);", "return (0, cart_1.total)(lines);"),
        ("return new Cart(row.lines);", "return new _Cart(row.lines);"),
        ("fetch('https://x.test/a');", 'fetch("https://x.test/a"); // retried'),
    ],
)
def test_what_bundlers_rewrite_is_undone(source, bundled):
    line_of = language_of("node").line_of
    assert line_of(source) == line_of(bundled)


def test_minified_lines_are_no_source():
    assert language_of("node").line_of("a" * 301) == ""
    assert language_of("node").line_of("{snip} x") == ""
