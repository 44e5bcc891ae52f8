"""When to try again."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.domain.retry import PAGE_RETRIES, RETRIES, delay, is_permanent


def test_the_schedule_and_its_end() -> None:
    middle = [delay(n, 0.5) for n in range(1, 9)]
    assert middle == [30, 120, 300, 900, 3_600, 14_400, 43_200, None]
    assert delay(1, 0.5, page=True) == 10


def test_what_the_receiver_asks_for_is_a_lower_bound_of_at_most_a_day() -> None:
    assert delay(1, 0.5, 90) == 90
    assert delay(3, 0.5, 90) == 300
    assert delay(1, 0.5, 1e9) == 86_400


@given(st.integers(1, 7), st.floats(0, 1, exclude_max=True), st.booleans())
def test_jitter_stays_within_a_fifth(attempt: int, roll: float, page: bool) -> None:
    wait = delay(attempt, roll, page=page)
    table = PAGE_RETRIES if page else RETRIES
    assert wait is not None
    assert 0.8 * table[attempt - 1] <= wait <= 1.2 * table[attempt - 1]


def test_which_answers_are_final() -> None:
    final = {status for status in range(300, 600) if is_permanent(status)}
    assert final == set(range(300, 500)) - {408, 425, 429}
