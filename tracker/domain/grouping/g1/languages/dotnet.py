""".NET: C#, F#, Visual Basic."""

import re

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import Call, Language

_LIBRARIES = words.word_list("""
    System. Microsoft. Mono. Newtonsoft. Npgsql. Serilog. NLog. MediatR. Polly. Dapper. Autofac.
    Castle. Hangfire. Quartz. Grpc. RestSharp. AutoMapper. FluentValidation. MassTransit. MySql.
    MySqlConnector. StackExchange. Sentry. Rollbar. Xunit. NUnit. Java. Android. AndroidX.
    Swashbuckle. Unity. UnityEngine. UnityEditor. MongoDB. Azure. Amazon. Google. FSharp.
    """)
_STATE_MACHINE = re.compile(r"<([^<>]+)>[dbg]__[\w|]*")
_LOCAL = re.compile(r"<([^<>]+)>g__(\w+)\|[\d_]+")
_MARKER = re.compile(r"\+?<[^<>]*>[cdbg]?__?[\w|]*|`\d+|\+<>c(?:__DisplayClass[\d_]+)?")


def _name_of(function: str, module: str) -> str:
    whole = f"{module}.{function}" if "MoveNext" in function or "__" in module else function
    local = _LOCAL.search(whole)
    if local:
        return local[1].rsplit(".", 1)[-1]
    machine = _STATE_MACHINE.search(whole)
    if machine:
        return machine[1].rsplit(".", 1)[-1]
    name = function.split("(", 1)[0]
    name = words.without_brackets(name).strip()
    name = name.rsplit(" ", 1)[-1]
    name = name.removesuffix("+")
    return name.rsplit(".", 1)[-1].strip("+{}") or name


def read(frame: Frame) -> Call:
    """`async Task<X> C.Get(Guid id)`, `<Get>d__12.MoveNext`, lambdas, local functions."""
    module = frame.module
    full = module
    if "<" in module or "`" in module:
        module = words.without_brackets(_MARKER.sub("", module))
    if not module:
        head = words.without_brackets(frame.function.split("(", 1)[0]).rsplit(" ", 1)[-1]
        module = head.rpartition(".")[0]
    unit = module.rstrip("+.").replace("+", ".").rsplit(".", 1)[-1]
    name = _name_of(frame.function, full)
    package = frame.package.split(",", 1)[0]
    library = (module + ".").startswith(_LIBRARIES) or (package + ".").startswith(_LIBRARIES)
    app = frame.in_app is not False and not library
    return Call(
        name=name,
        unit=unit,
        app=app,
        skip=name.lower() in words.REPORTERS,
        helper=app and words.is_helper(module),
        generic=app and words.is_generic(name.removesuffix("Async"), unit),
        borrows=not name or name.startswith("<"),
    )


LANGUAGE = Language(
    name="dotnet",
    platforms=("csharp", "fsharp", "dotnet", "visualbasic"),
    read=read,
    trust_all_if_no_app=True,
)
