"""The sketch of distinct people: exact while small, within 3 % when large, mergeable."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import sketch


def person(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


people = st.lists(st.integers(0, 5_000).map(person), max_size=400)


@given(people, people)
def test_appended_logs_count_like_merged_ones(one: list[bytes], two: list[bytes]) -> None:
    appended = sketch.log(one) + sketch.log(two)[1:]
    assert sketch.estimate(appended) == len({*one, *two})
    assert sketch.merge([sketch.log(one), sketch.log(two)]) == sketch.fold(appended)


@given(st.lists(people, max_size=5))
def test_merging_does_not_depend_on_order(parts: list[list[bytes]]) -> None:
    logs = [sketch.log(part) for part in parts]
    assert sketch.merge(logs) == sketch.merge(reversed(logs))


@pytest.mark.parametrize("number", [0, 1, 512, 513, 2_000, 10_000, 100_000])
def test_error_is_within_three_percent_and_size_within_bounds(number: int) -> None:
    grown = b"\x00"
    for start in range(0, number, 500):
        grown += sketch.log(person(n) for n in range(start, min(number, start + 500)))[1:]
        if len(grown) > sketch.FOLD_ABOVE:
            grown = sketch.fold(grown)
    assert abs(sketch.estimate(grown) - number) <= 0.03 * number * 2  # two standard errors
    assert len(sketch.fold(grown)) <= 2049


def test_error_over_many_sets_is_within_three_percent() -> None:
    errors = []
    for start in range(0, 400_000, 20_000):
        estimate = sketch.estimate(sketch.log(person(n) for n in range(start, start + 20_000)))
        errors.append((estimate / 20_000 - 1) ** 2)
    assert (sum(errors) / len(errors)) ** 0.5 <= 0.03


def test_seeing_somebody_again_changes_nothing() -> None:
    dense = sketch.fold(sketch.log(person(n) for n in range(5_000)))
    again = dense + sketch.log(person(n) for n in range(100))[1:]
    assert sketch.estimate(again) == sketch.estimate(dense)


def test_estimates_grow_with_the_crowd() -> None:
    sizes = [sketch.estimate(sketch.log(map(person, range(n)))) for n in (10, 100, 1_000, 10_000)]
    assert all(a < b for a, b in pairwise(sizes))
