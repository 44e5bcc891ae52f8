"""One line, whatever strangers wrote."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from alerts.domain.text import one_line


def test_breaks_controls_and_direction_marks_go() -> None:
    assert one_line("a\r\nBcc: x\x1b[2J\u202eb\x00  c") == "a Bcc: x [2J b c"


@given(st.text(), st.integers(1, 50))
def test_it_is_one_short_printable_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line.splitlines() in ([], [line])
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in line)
