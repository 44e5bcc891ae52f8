"""Java, Kotlin, Scala and Android."""

import re

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import Call, Language

_LIBRARIES = words.word_list("""
    java. javax. jakarta. jdk. sun. com.sun. kotlin. kotlinx. scala. groovy. clojure. android.
    androidx. com.android. dalvik. libcore. org.springframework. org.apache. org.hibernate.
    org.eclipse. org.jboss. org.postgresql. com.mysql. com.zaxxer. com.google. com.fasterxml.
    io.netty. io.grpc. io.ktor. io.micronaut. io.quarkus. io.undertow. io.reactivex. io.vertx.
    reactor. rx. okhttp3. okio. retrofit2. org.junit. org.slf4j. ch.qos. net.sf. org.aspectj.
    io.sentry. com.rollbar. com.squareup. com.facebook. com.bumptech. dagger. akka. play. zio. cats.
    org.jetbrains. lombok. feign. org.mockito. org.reactivestreams. io.lettuce. redis.clients.
    """)
_GENERATED = re.compile(
    r"\$\$(?:Enhancer|FastClass|SpringCGLIB|Lambda|_javassist|Proxy|ExternalSynthetic)[\w$./]*"
    r"|\$Proxy\d+|\$\$Lambda.*|\$HibernateProxy.*|_WeldClientProxy|\$ByteBuddy.*|_Subclass$"
)
_LAMBDA = re.compile(r"^lambda\$(.+?)(?:\$\d+)*$")
_ANONYMOUS_CLASS = re.compile(r"^(.*?)\$(?:(\w*?[A-Za-z]\w*)\$)?\d+(?:\$.*)?$")
_OBFUSCATED = ("SourceFile", "r8-map-id-", "PG", "Proguard", "ProGuard")
_MADE = frozenset(("valueOf",))
"""What the compiler gives to every enum: the fault is its caller's."""
_ENTRY = frozenset(("invokeSuspend", "invoke", "resumeWith", "emit", "collect"))


def _name_of(function: str) -> tuple[str, bool]:
    """The method's name, and whether it is a lambda without one."""
    match = _LAMBDA.match(function)
    if match:
        name = match[1]
        return ("", True) if name in ("null", "new", "static") else (name, False)
    if function.startswith(("access$", "$r8$lambda$")):
        return "", True
    function = function.removeprefix("$anonfun$")  # Scala
    name = re.sub(r"\$(?:default|suspendImpl|lambda.*|[a-z]+_release|\d+)$", "", function)
    return name.split("-", 1)[0] if "-" in name else name, False


def read(frame: Frame) -> Call:
    """lambda$x$0, Foo$1, Foo$bar$1.invokeSuspend; a proxy stands for the method it wraps."""
    module = frame.module
    generated = frame.filename == "<generated>" or bool(_GENERATED.search(module))
    if "$$" in module or "$Proxy" in module or "$ByteBuddy" in module:
        module = _GENERATED.sub("", module)
    name, borrows = _name_of(frame.function)
    if "$" in module:
        match = _ANONYMOUS_CLASS.match(module)
        if match:
            around = match[2]
            module = match[1]
            if around and name in _ENTRY:
                name, borrows = around, False
    module = module.rstrip("$")  # a Scala object
    library = module.startswith(_LIBRARIES)
    class_ = module.rsplit(".", 1)[-1]
    short = bool(name) and len(class_) <= 2 and len(name) <= 2
    app = frame.in_app is not False and not library and module != ""
    return Call(
        name=name,
        unit=module,
        app=app,
        skip=(generated and library) or name.lower() in words.REPORTERS,
        helper=app and words.is_helper(module),
        generic=app and (name in _MADE or words.is_generic(name, module)),
        borrows=borrows,
        minified=short and (class_.islower() or frame.filename.startswith(_OBFUSCATED)),
    )


LANGUAGE = Language(
    name="jvm",
    platforms=("java", "kotlin", "android", "scala", "clojure", "jvm"),
    read=read,
    trust_all_if_no_app=True,
    weak_joins=True,
)
