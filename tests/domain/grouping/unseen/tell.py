"""How SDKs of each language tell a bug: frames, entries, paths, versions, wordings."""

import re
from collections.abc import Callable
from typing import Any

from tests.domain.grouping.unseen.kit import Bug, Fault, Line, Telling, bugs_of, number

Frames = list[dict[str, Any]]

ENTRIES = {
    "python": """
        # django
        ! x: x
        ~ django.core.handlers.exception | inner | response = get_response(request)
        ~ django.core.handlers.base | _get_response | response = wrapped_callback(request, *callback_args, **callback_kwargs)
        > {app}.views | {entry}_view | return handle_{entry}(request, pk)
        # drf
        ! x: x
        ~ rest_framework.views | dispatch | response = handler(request, *args, **kwargs)
        > {app}.api.viewsets | retrieve_{entry} | result = self.perform_{entry}(pk)
        > {app}.middleware.timing | timed | return fn(*args, **kwargs)
        # celery
        ! x: x
        ~ celery.app.trace | trace_task | R = retval = fun(*args, **kwargs)
        ~ celery.app.trace | __protected_call__ | return self.run(*args, **kwargs)
        > {app}.tasks | {entry}_task | do_{entry}(**payload)
        # cli
        ! x: x
        ~ click.core | invoke | return callback(*args, **kwargs)
        > {app}.cli | {entry}_command | run_{entry}(options)
        # thread
        ! x: x
        ~ threading | run | self._target(*self._args, **self._kwargs)
        > {app}.workers | loop | self.{entry}_once(job)
        # asyncio
        ! x: x
        ~ asyncio.runners | run | return self._loop.run_until_complete(task)
        ~ asyncio.base_events | run_until_complete | return future.result()
        > {app}.aio | main | await {entry}_forever()
        """,
    "node": """
        # express
        ! x: x
        ~ express/lib/router/layer | Layer.handle [as handle_request]
        ~ express/lib/router/route | next
        > src/routes/{entry} | ? | const out = await controller.{entry}(req);
        ~ node:internal/process/task_queues | process.processTicksAndRejections
        # nest
        ! x: x
        ~ @nestjs/core/router/router-execution-context | target.apply
        > src/interceptors/trace | TraceInterceptor.intercept | return next.handle();
        > src/{entry}/{entry}.controller | {Entry}Controller.{entry} | return this.svc.{entry}(dto);
        # worker
        ! x: x
        ~ bullmq/dist/cjs/classes/worker | Worker.processJob
        > src/jobs/{entry} | async {entry}Job | await {entry}(job.data);
        # timer
        ! x: x
        ~ node:internal/timers | listOnTimeout
        > src/cron | Timeout._onTimeout | tick('{entry}');
        """,
    "java": """
        # spring
        ! x: x
        ~ java.lang.Thread | run
        ~ org.apache.tomcat.util.threads.ThreadPoolExecutor | runWorker
        ~ org.springframework.web.servlet.DispatcherServlet | doDispatch
        ~ jdk.internal.reflect.GeneratedMethodAccessor{n} | invoke
        > com.acme.web.{Entry}Controller$$SpringCGLIB$$0 | {entry}
        > com.acme.web.{Entry}Controller | {entry}
        # scheduled
        ! x: x
        ~ java.util.concurrent.FutureTask | run
        ~ org.springframework.scheduling.support.ScheduledMethodRunnable | run
        > com.acme.jobs.{Entry}Job | lambda$run${n}
        # kafka
        ! x: x
        ~ org.springframework.kafka.listener.KafkaMessageListenerContainer$ListenerConsumer | doInvokeRecordListener
        > com.acme.listen.{Entry}Listener | on{Entry}
        """,
    "android": """
        # main
        ! x: x
        ~ com.android.internal.os.ZygoteInit | main
        ~ android.app.ActivityThread | main
        ~ android.os.Looper | loop
        > com.acme.app.ui.{Entry}Activity | onCreate
        # click
        ! x: x
        ~ android.view.View$PerformClick | run
        > com.acme.app.ui.{Entry}Fragment$onViewCreated${n} | onClick
        # work
        ! x: x
        ~ androidx.work.Worker$1 | run
        > com.acme.app.work.{Entry}Worker | doWork
        """,
    "ruby": """
        # rails
        ! x: x
        ~ actionpack/lib/action_controller/metal/basic_implicit_render.rb | send_action
        > app/controllers/{entry}_controller.rb | show | @row = Loader.new.{entry}(params)
        # sidekiq
        ! x: x
        ~ sidekiq/lib/sidekiq/processor.rb | execute_job
        > app/jobs/{entry}_job.rb | perform | run_{entry}(*args)
        # rake
        ! x: x
        ~ rake/lib/rake/task.rb | execute
        > lib/tasks/{entry}.rake | block (2 levels) in <top (required)> | Runner.{entry}
        """,
    "php": """
        # laravel
        ! x: x
        ~ laravel/framework/src/Illuminate/Routing/Controller.php | Illuminate\\Routing\\Controller::callAction
        > app/Http/Controllers/{Entry}Controller.php | App\\Http\\Controllers\\{Entry}Controller::{entry} | return $this->service->{entry}($request);
        # job
        ! x: x
        ~ laravel/framework/src/Illuminate/Container/BoundMethod.php | Illuminate\\Container\\BoundMethod::call
        > app/Jobs/{Entry}Job.php | App\\Jobs\\{Entry}Job::handle | $service->{entry}($this->payload);
        # command
        ! x: x
        ~ symfony/console/Command/Command.php | Symfony\\Component\\Console\\Command\\Command::run
        > app/Console/Commands/{Entry}Command.php | App\\Console\\Commands\\{Entry}Command::handle | $this->{entry}();
        """,
    "go": """
        # http
        ! x: x
        ~ net/http | HandlerFunc.ServeHTTP
        > github.com/acme/shop/web | (*Server).handle{Entry} | out, err := s.{entry}(r.Context())
        # worker
        ! x: x
        > github.com/acme/shop/worker | (*Pool).run.func{n} | p.{entry}(job)
        # cron
        ! x: x
        ~ github.com/robfig/cron/v3 | FuncJob.Run
        > main | run{Entry}.func{n} | {entry}(ctx)
        """,
    "dotnet": """
        # aspnet
        ! x: x
        ~ Microsoft.AspNetCore.Mvc.Infrastructure.ControllerActionInvoker | InvokeActionMethodAsync
        > Acme.Web.{Entry}Controller | async Task<IActionResult> {Entry}Controller.{Entry}Async(Guid id)
        # hosted
        ! x: x
        ~ Microsoft.Extensions.Hosting.BackgroundService | ExecuteAsync
        > Acme.Jobs.{Entry}Worker | async Task {Entry}Worker.ExecuteAsync(CancellationToken stop)
        """,
    "cocoa": """
        # tap
        ! x: x
        ~ UIKitCore | -[UIApplication sendAction:to:from:forEvent:]
        > Shop | {Entry}ViewController.didTap{Entry}(_:)
        # appear
        ! x: x
        ~ SwiftUI | ViewGraph.updateOutputs(at:)
        > Shop | closure #{n} in {Entry}View.body.getter
        """,
    "native": """
        # main
        ! x: x
        ~ libc.so.6 | __libc_start_main
        > game | main
        > game | engine::Loop::tick(double)
        # pool
        ! x: x
        ~ libc.so.6 | start_thread
        > game | engine::Pool::worker(int)::{lambda()#1}::operator()() const
        """,
    "rust": """
        # tokio
        ! x: x
        ~ libc.so.6 | start_thread
        ~ shop | tokio::runtime::task::raw::poll
        > shop | shop::routes::{entry}::{{closure}}
        # main
        ! x: x
        ~ shop | std::rt::lang_start::{{closure}}
        > shop | shop::main
        """,
    "dart": """
        # zone
        ! x: x
        ~ dart:async/zone.dart | _RootZone.run
        > package:shop/pages/{entry}_page.dart | {Entry}PageState.build
        # tap
        ! x: x
        ~ package:flutter/src/gestures/tap.dart | TapGestureRecognizer.handleTapUp
        > package:shop/pages/{entry}_page.dart | {Entry}PageState.build.<anonymous closure>
        """,
    "rn": """
        # press
        ! x: x
        ~ native | invokePassiveEffectCreate
        > src/screens/{Entry}Screen | on{Entry}Press
        # effect
        ! x: x
        ~ native | commitHookEffectListMount
        > src/screens/{Entry}Screen | anonymous
        """,
    "unity": """
        # update
        ! x: x
        > GameLoop | Update
        # coroutine
        ! x: x
        ~ UnityEngine.SetupCoroutine | InvokeMoveNext
        > Spawner+<{Entry}>d__{n} | MoveNext
        """,
    "elixir": """
        # plug
        ! x: x
        ~ deps/phoenix/lib/phoenix/endpoint.ex | Phoenix.Endpoint.call/2
        > lib/shop_web/controllers/{entry}_controller.ex | ShopWeb.{Entry}Controller.show/2
        # oban
        ! x: x
        ~ deps/oban/lib/oban/queue/executor.ex | Oban.Queue.Executor.perform/1
        > lib/shop/workers/{entry}.ex | Shop.Workers.{Entry}.perform/1
        """,
    "web": """
        # click
        ! x: x
        > ui/{entry} | on{Entry}Click | run{Entry}();
        # timer
        ! x: x
        > ui/schedule | tick | queue.shift()();
        # promise
        ! x: x
        > ui/boot | ? | boot().catch(report);
        """,
}  # fmt: skip


def entry_of(bug: Bug, telling: Telling) -> list[Line]:
    """The code that led there this time."""
    found = bugs_of(bug.language, ENTRIES[bug.language])
    lines = found[telling.entry % len(found)].faults[0].frames
    word = bug.name.split("-")[0]
    names = {"{app}": "shop", "{entry}": word, "{Entry}": word.capitalize()}

    def named(text: str) -> str:
        for slot, value in names.items():
            text = text.replace(slot, value)
        return text

    return [Line(one.app, named(one.unit), named(one.function), named(one.code)) for one in lines]


def event_of(bug: Bug, telling: Telling) -> dict[str, Any]:
    """The event as its SDK would send it."""
    language = bug.language
    if not bug.faults[0].type.strip("-"):
        return _message_event(bug, telling)
    values = []
    for depth, fault in enumerate(bug.faults):
        value = telling.values.fill(_wording(bug, fault.message, telling))
        lines = entry_of(bug, telling) if depth == 0 or language in ("java", "android") else []
        lines = [] if "noentry" in bug.flags else lines
        frames = _RENDER[language](lines + _grown(fault, telling), bug, telling)
        error: dict[str, Any] = {"type": telling.counters(fault.type), "value": value}
        if frames:
            error["stacktrace"] = {"frames": frames}
        if depth and language in ("python", "node", "php"):
            error["mechanism"] = {"type": "chained", "exception_id": depth, "parent_id": depth - 1,
                                  "source": "__context__" if "context" in bug.flags else "__cause__"}  # fmt: skip
        values.append(error)
    values.reverse()
    _mechanism(bug, values[-1])
    event = {"platform": _PLATFORMS.get(language, language), "exception": {"values": values}}
    if bug.flags & {"panic"} or language == "native":
        event["level"] = "fatal"
    return _finished(event, bug, telling)


def _wording(bug: Bug, message: str, telling: Telling) -> str:
    """One of the wordings `a || b`: of the browser at hand, or of the runtime of the release."""
    ways = message.split(" || ")
    place = telling.index if bug.language == "web" else telling.release * len(ways) // 4
    return ways[place % len(ways)]


def _grown(fault: Fault, telling: Telling) -> list[Line]:
    """Recursion is as deep as it is; `unit | *name` stands for it."""
    lines: list[Line] = []
    for line in fault.frames:
        if line.function.startswith("*"):
            again = Line(line.app, line.unit, line.function[1:], line.code)
            lines += [again] * (1 + number(telling.values.hex(4)) % 6)
        else:
            lines.append(line)
    return lines


def _mechanism(bug: Bug, error: dict[str, Any]) -> None:
    kinds = {"cocoa": "nsexception", "native": "signalhandler", "android": "UncaughtExceptionHandler",
             "rust": "panic", "go": "", "dart": "FlutterError"}  # fmt: skip
    kind = kinds.get(bug.language, "generic")
    if "hang" in bug.flags:
        kind = {"cocoa": "AppHang", "android": "ANR"}[bug.language]
    if kind:
        error.setdefault("mechanism", {"type": kind, "handled": False})


def _message_event(bug: Bug, telling: Telling) -> dict[str, Any]:
    fault = bug.faults[0]
    event: dict[str, Any] = {"platform": _PLATFORMS.get(bug.language, bug.language)}
    if "params" in bug.flags:  # the SDK sends the template too
        text = fault.message
        params: list[str] = []
        for piece in re.findall(r"\{\w+\}", text):
            params.append(telling.values.fill(piece))
            text = text.replace(piece, "%s", 1)
        event["logentry"] = {"message": text, "params": params, "formatted": text % tuple(params)}
    else:
        event["message"] = telling.values.fill(fault.message)
    if "logger" in bug.flags:
        event["logger"] = f"shop.{bug.name}"
    if fault.frames:
        frames = _RENDER[bug.language](entry_of(bug, telling) + fault.frames, bug, telling)
        event["threads"] = {
            "values": [{"id": 1, "current": True, "stacktrace": {"frames": frames}}]
        }
    return _finished(event, bug, telling)


def _finished(event: dict[str, Any], bug: Bug, telling: Telling) -> dict[str, Any]:
    event["event_id"] = (
        f"{number(bug.label, telling.index, 'id'):016x}{number(bug.label, telling.index):016x}"
    )
    event.setdefault(
        "level",
        ("error", "error", "warning", "error")[telling.index % 4]
        if "message" in event
        else "error",
    )
    event["release"] = f"shop@1.{telling.release}.0"
    event["transaction"] = f"/{telling.values.get('word')}/{telling.values.get('word')}"
    event["server_name"] = telling.values.get("host")
    return event


def _frame(line: Line, telling: Telling, **more: Any) -> dict[str, Any]:
    found = {
        "function": telling.counters(line.function),
        "lineno": telling.lineno(line.unit, line.function, line.code),
        "in_app": line.app,
        **more,
    }
    if line.code and not telling.bare:
        found["context_line"] = "    " * (1 + number(line.code) % 3) + telling.counters(line.code)
    return found


def _root(telling: Telling, *roots: str) -> str:
    stamp = f"2026{1 + telling.release:02}0{1 + telling.release}1200"
    return roots[telling.release % len(roots)].replace("{stamp}", stamp)


def _python(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    root = _root(telling, "/srv/{stamp}", "/app", "/home/web/releases/{stamp}/src", "/opt/x")
    version = ("3.9", "3.11", "3.12", "3.13")[telling.release]
    found = []
    for line in lines:
        path = line.unit.replace(".", "/") + ".py"
        library = f"/usr/lib/python{version}/site-packages/{path}"
        if line.unit in (
            "json.decoder",
            "threading",
            "asyncio.runners",
            "asyncio.base_events",
            "subprocess",
        ):
            library = f"/usr/local/lib/python{version}/{path}"
        function = line.function
        if telling.release < 1 and "." in function:  # co_qualname came with 3.11
            function = function.rsplit(".", 1)[-1]
        line_ = Line(line.app, line.unit, function, line.code)
        found.append(_frame(line_, telling, module=line.unit, filename=path,
                            abs_path=f"{root}/{path}" if line.app else library,
                            lineno=telling.lineno(line.unit, line.function, line.code)))  # fmt: skip
    return found


def _node(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    root = _root(telling, "/usr/src/app", "/srv/api/releases/{stamp}", "C:\\inetpub\\api", "/app")
    extension = ".ts" if "ts" in bug.flags and telling.release > 1 else ".js"
    built = "dist/" if "ts" in bug.flags and telling.release < 2 else ""
    found = []
    for line in lines:
        if line.unit.startswith("node:"):
            found.append(
                {
                    "function": line.function,
                    "filename": line.unit,
                    "lineno": 95,
                    "colno": 5,
                    "in_app": False,
                }
            )
            continue
        path = line.unit if line.app else f"node_modules/{line.unit}"
        if not line.app and telling.release % 2:
            name = (
                "+".join(line.unit.split("/")[:2])
                if line.unit[0] == "@"
                else line.unit.split("/")[0]
            )
            path = f"node_modules/.pnpm/{name}@4.{telling.release}.2/node_modules/{line.unit}"
        if line.app and built:
            path = built + path.removeprefix("src/")
        whole = f"{root}/{path}{extension if line.app else '.js'}"
        whole = whole.replace("/", "\\") if "\\" in root else whole
        found.append(_frame(line, telling, filename=whole, colno=12 + number(line.code) % 30,
                            module=path.rsplit("/", 1)[0].replace("/", ".") + ":" + path.rsplit("/", 1)[-1]))  # fmt: skip
    return found


def _jvm(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    found = []
    for line in lines:
        module = telling.counters(line.unit)
        file = re.split(r"[$]", module.rsplit(".", 1)[-1])[0]
        ending = ".kt" if "kotlin" in bug.flags else ".java"
        name = "<generated>" if "CGLIB" in module else file.removesuffix("Kt") + ending
        if "r8" in bug.flags:
            name = (
                "SourceFile" if telling.release % 2 else f"r8-map-id-{number(telling.release):040x}"
            )
        frame = _frame(line, telling, module=module, filename=name)
        if "nomark" in bug.flags:  # no inAppIncludes were configured
            del frame["in_app"]
        found.append(frame)
    return found


def _ruby(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    root = _root(
        telling, "/var/www/shop/releases/{stamp}", "/app", "/home/deploy/shop/current", "/rails"
    )
    found = []
    for line in lines:
        function = line.function
        if telling.release < 3 and not function.startswith("_"):  # 3.4 tells the class as well
            head, _, last = function.rpartition(" ")
            if "<" not in last:
                last = re.split(r"[#.](?=\w+[?!]?$)", last)[-1]
            function = f"{head} {last}".strip()
        path = f"{root}/{line.unit}"
        name = line.unit
        if not line.app:
            gem, _, rest = line.unit.partition("/")
            path = f"/usr/local/bundle/ruby/3.{telling.release}.0/gems/{gem}-7.{telling.release}.1/{rest}"
            name = rest.removeprefix("lib/")
        found.append(_frame(Line(line.app, line.unit, function, line.code), telling, filename=name, abs_path=path,
                            lineno=telling.lineno(line.unit, line.function, line.code)))  # fmt: skip
    return found


def _php(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    root = _root(
        telling, "/var/www/html", "/srv/{stamp}", "/app", "/home/forge/shop.example/{stamp}"
    )
    found = []
    around = ""
    for line in lines:
        path = line.unit if line.app or line.unit == "[internal]" else f"vendor/{line.unit}"
        function = telling.counters(line.function)
        if "{closure}" in function and telling.release == 3:  # 8.4 says where it stands
            function = f"{{closure:{around}():{telling.lineno(line.unit, function, '')}}}"
        around = function
        internal = path == "[internal]"
        frame = _frame(Line(line.app and not internal, line.unit, function, line.code), telling)
        frame.update(filename=path if internal else f"/{path}", in_app=line.app and not internal)
        if not internal:
            frame["abs_path"] = f"{root}/{path}"
        found.append(frame)
    return found


def _go(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    root = _root(telling, "/build/{stamp}", "/go/src/github.com/acme/shop", "/home/ci/shop", "/src")
    found = []
    for line in lines:
        file = line.unit.rsplit("/", 1)[-1] + ".go"
        path = (
            f"{root}/{file}"
            if line.app
            else f"/go/pkg/mod/{line.unit}@v1.{telling.release}.0/{file}"
        )
        if line.unit in ("net/http", "runtime", "encoding/json"):
            path = f"/usr/local/go/src/{line.unit}/{file}"
        found.append(_frame(line, telling, module=line.unit, abs_path=path, filename=file))
    return found


_MACHINE = re.compile(r"async \S+ (\w+)\.(\w+)\(.*")


def _dotnet(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    root = _root(
        telling, "/src/", "D:\\a\\shop\\", "C:\\agent\\_work\\{stamp}\\s\\", "/home/runner/"
    )
    found = []
    for line in lines:
        function, module = line.function, line.unit
        machine = _MACHINE.match(function)
        if machine and telling.release % 2:  # an SDK that does not undo state machines
            module, function = f"{module}+<{machine[2]}>d__{{n}}", "MoveNext"
        frame = _frame(Line(line.app, module, function, ""), telling)
        frame["module"] = telling.counters(module)
        frame["package"] = ".".join(line.unit.split(".")[:2]) + f", Version={telling.release}.0.0.0"
        if line.app and not telling.bare:
            short = line.unit.rsplit(".", 1)[-1].split("+")[0]
            frame |= {"filename": f"{short}.cs", "abs_path": f"{root}{short}.cs"}
        else:
            frame.pop("lineno")
        found.append(frame)
    return found


def _cocoa(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    home = (
        f"/private/var/containers/Bundle/Application/{telling.values.get('uuid').upper()}/Shop.app"
    )
    found = []
    for line in lines:
        system = f"/System/Library/PrivateFrameworks/{line.unit}.framework/{line.unit}"
        own = (
            f"{home}/Shop"
            if line.unit == "Shop"
            else f"{home}/Frameworks/{line.unit}.framework/{line.unit}"
        )
        frame = _frame(
            Line(line.app, line.unit, line.function), telling, package=own if line.app else system
        )
        frame["instruction_addr"] = telling.values.get("ptr")
        if not line.app:
            frame.pop("lineno")
        found.append(frame)
    return found


def _native(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    found = []
    for line in lines:
        package = (
            f"/opt/{line.unit}-{telling.release}/bin/{line.unit}"
            if line.app
            else f"/usr/lib/x86_64-linux-gnu/{line.unit}"
        )
        if line.unit == "shop":
            package = f"/srv/shop/{telling.release}/shop"
        frame = _frame(Line(line.app, line.unit, line.function), telling, package=package)
        if bug.language == "rust":
            frame["function"] += (
                f"::h{number(line.function, telling.release):016x}" if telling.release % 2 else ""
            )
        frame["instruction_addr"] = telling.values.get("ptr")
        found.append(frame)
    return found


def _dart(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    found = []
    for line in lines:
        frame = _frame(Line(line.app, line.unit, line.function), telling, abs_path=line.unit,
                       filename=line.unit.rsplit("/", 1)[-1], colno=number(telling.release) % 40)  # fmt: skip
        if line.unit.startswith("package:"):
            frame["package"] = line.unit[8:].split("/")[0]
        found.append(frame)
    return found


def _rn(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    bundle = (
        "app:///index.android.bundle",
        "app:///main.jsbundle",
        "address at index.android.bundle",
        "app:///index.android.bundle",
    )
    found = []
    for line in lines:
        if line.unit == "native":
            found.append({"function": line.function, "filename": "native", "in_app": False})
            continue
        found.append({"function": line.function, "filename": bundle[telling.release], "lineno": 1,
                      "colno": 10_000 + number(line.function, telling.release) % 900_000, "in_app": True})  # fmt: skip
    return found


def _unity(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    return [{"function": telling.counters(line.function) + ("()" if telling.release % 2 else ""), "module": telling.counters(line.unit),
             "in_app": line.app, "lineno": 0 if telling.release > 1 else telling.lineno(line.unit, line.function, "")}
            for line in lines]  # fmt: skip


def _elixir(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    return [
        _frame(line, telling, filename=line.unit, module=line.function.rsplit(".", 1)[0])
        for line in lines
    ]


def _web(lines: list[Line], bug: Bug, telling: Telling) -> Frames:
    """Releases 0 and 1: bundles without maps; 2 and 3: with maps; Safari and Firefox at times."""
    engine = ("chrome", "firefox", "safari")[telling.index % 3]
    mapped = "nomap" not in bug.flags and telling.release > 1
    found = []
    for line in lines:
        if line.unit == "<anonymous>":
            if engine == "chrome":
                found.append({"function": line.function, "filename": "<anonymous>", "in_app": True})
            elif engine == "safari":
                found.append(
                    {
                        "function": line.function.split(".")[-1],
                        "filename": "[native code]",
                        "in_app": True,
                    }
                )
            continue
        *_, name = line.function.split(".")
        name = "?" if line.function == "?" else name
        if not mapped and "kept" not in bug.flags and name != "?":
            name = telling.counters(f"{{m:{line.unit}.{name}}}")
        owner = (
            {"chrome": "Object.", "firefox": "", "safari": ""}[engine]
            if "." in line.function
            else ""
        )
        close = (
            "/<" if engine == "firefox" and number(line.function) % 3 == 0 and name != "?" else ""
        )
        frame = {"function": owner + name + close, "in_app": True}
        if mapped:
            frame |= {"filename": f"webpack:///./src/{line.unit}.tsx", "colno": 14,
                      "lineno": telling.lineno(line.unit, line.function, line.code)}  # fmt: skip
            if line.code and not telling.bare:
                frame["context_line"] = "  " + line.code
        else:
            chunk = "vendor" if not line.app else "main"
            frame |= {"filename": f"https://app.example/static/js/{chunk}.{number(telling.release):08x}.js"[:60] + "", "lineno": 2,
                      "colno": 1_000 + number(line.unit, line.function, telling.release) % 90_000}  # fmt: skip
        found.append(frame)
    return found


_PLATFORMS = {"android": "java", "dotnet": "csharp", "web": "javascript", "rn": "javascript",
              "rust": "native", "unity": "csharp"}  # fmt: skip
_RENDER: dict[str, Callable[[list[Line], Bug, Telling], Frames]] = {
    "python": _python, "node": _node, "java": _jvm, "android": _jvm, "ruby": _ruby, "php": _php,
    "go": _go, "dotnet": _dotnet, "cocoa": _cocoa, "native": _native, "rust": _native,
    "dart": _dart, "rn": _rn, "unity": _unity, "elixir": _elixir, "web": _web,
}  # fmt: skip
