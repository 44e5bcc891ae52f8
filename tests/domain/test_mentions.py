"""@names in a comment."""

import pytest

from tracker.domain.mentions import MOST, names, parts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@ada look", ("ada",)),
        ("ask @Ada.L, @bob-2.", ("ada.l", "bob-2")),
        ("(@ada) @ada", ("ada",)),
        ("mail ada@example.com", ()),
        ("@ @@ @-x @", ()),
        ("a\n@ada", ("ada",)),
        ("", ()),
    ],
)
def test_names(text: str, found: tuple[str, ...]):
    assert names(text) == found
    assert "".join(piece for piece, _ in parts(text)) == text


def test_there_are_not_too_many():
    assert len(names(" ".join(f"@u{n}" for n in range(99)))) == MOST
