"""Links to code, as each kind of host writes them."""

import pytest

from tracker.domain.weblinks import (
    Provider,
    commit_link,
    line_link,
    provider_of,
    safe_base,
    web_base,
)

SHA = "1a2b3c"


@pytest.mark.parametrize(
    ("provider", "base", "line", "commit"),
    [
        ("github", "https://github.com/t/s", "/blob/1a2b3c/a%20b/c.py#L7", "/commit/1a2b3c"),
        ("gitlab", "https://gitlab.com/t/s", "/-/blob/1a2b3c/a%20b/c.py#L7", "/-/commit/1a2b3c"),
        ("gitea", "https://git.lan/t/s", "/src/commit/1a2b3c/a%20b/c.py#L7", "/commit/1a2b3c"),
        ("bitbucket", "https://bitbucket.org/t/s", "/src/1a2b3c/a%20b/c.py#lines-7",
         "/commits/1a2b3c"),
        ("bitbucket", "https://code.lan/projects/T/repos/s", "/browse/a%20b/c.py?at=1a2b3c#7",
         "/commits/1a2b3c"),
    ],
)  # fmt: skip
def test_lines_and_commits(provider: str, base: str, line: str, commit: str):
    assert line_link(provider, base + "/", SHA, "a b/c.py", 7) == base + line
    assert commit_link(provider, base, SHA) == base + commit
    assert line_link(provider, base, SHA, "a b/c.py", None) == (base + line).partition("#")[0]


@pytest.mark.parametrize(
    "base",
    ["javascript:alert(1)", "https://u:p@x/y", "https://x/y?z=1", 'https://x/"onclick', "", "ssh://x/y",
     "https://x/y#z", "https://[x"],
)  # fmt: skip
def test_nothing_odd_becomes_a_link(base: str):
    assert safe_base(base) == ""
    assert line_link("github", base, SHA, "a.py", 1) == commit_link("github", base, SHA) == ""


def test_hosts_that_are_not_known_have_no_links():
    assert line_link("other", "https://x/y", SHA, "a.py", 1) == ""
    assert line_link("nonsense", "https://x/y", SHA, "a.py", 1) == ""


def test_what_an_address_tells():
    assert provider_of("gitlab.shop.example") is Provider.GITLAB
    assert provider_of("git.shop.example") is Provider.OTHER
    assert web_base("ssh", "github.com", 22, "team/shop.git") == "https://github.com/team/shop"
    assert web_base("https", "git.lan", 3000, "/t/s.git") == "https://git.lan:3000/t/s"
    assert web_base("file", "", 0, "/srv/x.git") == ""
