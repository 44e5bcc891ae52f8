"""Which event tells most; no shape breaks it."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.domain.telling import telling

ODD = st.recursive(
    st.none() | st.booleans() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(("values", "frames", "stacktrace", "vars")), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip


def event(**frame: object) -> dict[str, object]:
    stack = {"frames": [{"function": "pay", "in_app": True, **frame}]}
    return {"exception": {"values": [{"type": "E", "stacktrace": stack}]}}


def test_more_tells_more():
    plain = event()
    with_source = event(context_line="pay(cart)")
    with_locals = event(context_line="pay(cart)", vars={"cart": "1"})
    with_user = {**with_locals, "user": {"id": "1"}}
    broken = {**with_user, "errors": [{"type": "source_map_missing"}]}
    order = [plain, with_source, with_locals, broken, with_user]
    assert sorted(order, key=telling) == order
    assert len({telling(each) for each in order}) == len(order)


def test_frames_of_libraries_tell_nothing():
    library = event(context_line="call()", vars={"x": "1"}, in_app=False)
    assert telling(library) < telling(event())


@given(st.dictionaries(st.sampled_from(("exception", "user", "breadcrumbs", "stacktrace")), ODD))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_no_shape_breaks_it(data):
    assert isinstance(telling(data), int)
