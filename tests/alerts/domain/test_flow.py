"""When a channel holds its tongue: windows, budgets, storms, quiet hours."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.domain import flow, ranking
from alerts.domain.flow import Flow, Quiet

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_the_first_leaves_at_once_and_the_third_within_two_seconds_waits() -> None:
    assert flow.hold(Flow(), NOW) is None
    assert flow.hold(Flow((NOW,)), NOW) is None
    held = flow.hold(Flow((NOW, NOW + seconds(1))), NOW + seconds(1))
    assert held is not None
    assert held.until == NOW + seconds(2)


def test_a_window_holds_all_but_the_first_and_pages_pass() -> None:
    said = Flow((NOW,), window=timedelta(minutes=15))
    held = flow.hold(said, NOW + seconds(60))
    assert held is not None
    assert held.until == NOW + timedelta(minutes=15)
    assert flow.hold(said, NOW + seconds(60), page=True) is None
    assert flow.hold(said, NOW + timedelta(minutes=15)) is None


def test_the_budget_of_an_hour_is_never_exceeded() -> None:
    said = Flow(tuple(NOW + timedelta(minutes=n) for n in range(10)), budget=10)
    held = flow.hold(said, NOW + timedelta(minutes=20), page=True)
    assert held is not None
    assert held.until == NOW + flow.HOUR
    assert flow.hold(said, NOW + flow.HOUR) is None


def test_each_fold_in_a_row_rests_longer_and_is_forgotten() -> None:
    first = flow.after_fold(Flow(), NOW)
    again = flow.after_fold(Flow(folds=first, folded_at=NOW), NOW + timedelta(minutes=1))
    assert (first, again) == (1, 2)
    resting = flow.hold(Flow(folds=2, folded_at=NOW), NOW + timedelta(minutes=4))
    assert resting is not None
    assert flow.hold(Flow(folds=2, folded_at=NOW), NOW + timedelta(minutes=5)) is None
    assert flow.after_fold(Flow(folds=4, folded_at=NOW), NOW + timedelta(minutes=31)) == 1


@given(st.lists(st.integers(0, 7_200), max_size=150), st.integers(1, 60))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_comes_no_channel_says_more_than_its_budget(story: list[int], budget: int) -> None:
    told: list[datetime] = []
    for second in sorted(story):
        at = NOW + seconds(second)
        if flow.hold(Flow(tuple(told), budget=budget), at) is None:
            told.append(at)
    for at in told:
        assert sum(at - flow.HOUR < other <= at for other in told) <= budget
        for span, most in flow.PACE:
            assert sum(at - span < other <= at for other in told) <= most


def test_quiet_hours_span_midnight_in_their_zone() -> None:
    night = Quiet(time(22), time(7), "Europe/Berlin")
    inside = datetime(2026, 1, 10, 23, 30, tzinfo=UTC)  # 00:30 in Berlin
    assert flow.quiet_until(night, inside) == datetime(2026, 1, 11, 6, tzinfo=UTC)
    assert flow.quiet_until(night, datetime(2026, 1, 10, 20, 59, tzinfo=UTC)) is None
    assert flow.quiet_until(night, datetime(2026, 1, 10, 21, tzinfo=UTC)) is not None
    assert flow.quiet_until(None, inside) is None


@given(
    st.times(), st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    st.integers(0, 1_500_000).map(lambda n: NOW - timedelta(minutes=n)),
)  # fmt: skip
def test_the_next_time_of_day_is_always_ahead_and_within_a_day(
    clock: time, zone: str, now: datetime
) -> None:
    found = flow.next_at(clock, zone, now)
    assert now < found <= now + timedelta(hours=25)


def content(title: str, **notice: object) -> dict[str, object]:
    return {"severity": "notify", "recipients": [title], "notice": {
        "title": title, "headline": "New issue", "short_id": "X-1", "url": "u", **notice}}  # fmt: skip


def test_the_most_urgent_speaks_for_all() -> None:
    many = [content(str(n), level="error", users=n) for n in range(15)]
    many.append(content("fatal", level="fatal"))
    many.sort(key=ranking.rank, reverse=True)
    told = ranking.fold(many, "/list")
    notice = told["notice"]
    assert notice["title"] == "fatal"
    assert notice["headline"] == "16 alerts, first: New issue"
    assert [each["title"] for each in notice["also"]] == [str(n) for n in range(14, 4, -1)]
    assert (notice["more"], notice["list_url"]) == (5, "/list")
    assert len(told["recipients"]) == 16
