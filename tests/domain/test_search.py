"""The search grammar: what it reads, how it writes back, and how it complains."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.domain.search import (
    ALIASES,
    IS,
    KEYS,
    LEVELS,
    PRIORITIES,
    Query,
    SearchError,
    Term,
    age_of,
    has_wildcard,
    literal,
    parse,
    pieces,
    text_of,
)


def one(text: str) -> Term:
    (term,) = parse(text).terms
    return term


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is:unresolved", Term("is", ("unresolved",))),
        ("IS:Unresolved", Term("is", ("unresolved",))),
        ("!is:new", Term("is", ("new",), negated=True)),
        ("level:>=error", Term("level", ("error",), ">=")),
        ("level:[error,fatal]", Term("level", ("error", "fatal"))),
        ("env:[production, staging ]", Term("env", ("production", "staging"))),
        ("events:>100", Term("events", ("100",), ">")),
        ("users:<=5", Term("users", ("5",), "<=")),
        ("age:-24h", Term("age", ("-24h",))),
        ("seen:+7d", Term("seen", ("+7d",))),
        ("assigned:#payments", Term("assigned", ("#payments",))),
        ("tag[server.name]:web-1", Term("tag", ("web-1",), subkey="server.name")),
        ("has:browser", Term("has", ("browser",))),
        ("user.id:42", Term("user.id", ("42",))),
        ("user.email:a@b.example", Term("user.email", ("a@b.example",))),
        ("user.ip:2001:db8::1", Term("user.ip", ("2001:db8::1",))),
        ('message:"timed out"', Term("message", ("timed out",))),
        ("type:Value*", Term("type", ("Value*",))),
        ('type:"Value*"', Term("type", ("Value**",))),
        ('message:"a b"*', Term("message", ("a b*",))),
        ("file:*/orders.py", Term("file", ("*/orders.py",))),
        (r"culprit:C:\shop", Term("culprit", (r"C:\shop",))),
        ("message:>5", Term("message", (">5",))),
        ("release:latest", Term("release", ("latest",))),
        ("timeout", Term("", ("timeout",))),
        ("!timeout", Term("", ("timeout",), negated=True)),
        ('"is:new"', Term("", ("is:new",))),
        ("[timeout,refused]", Term("", ("timeout", "refused"))),
        ("http://shop/x", Term("", ("http://shop/x",))),
        ("ValueError:", Term("", ("ValueError:",))),
        ("std::bad_alloc", Term("", ("std::bad_alloc",))),
        ("don't", Term("", ("don't",))),
        (r'"say \"no\" \\ \d"', Term("", (r'say "no" \ \d',))),
    ],
)
def test_reads_and_writes_back(text: str, expected: Term) -> None:
    assert one(text) == expected
    assert one(str(expected)) == expected


def test_a_pasted_title_is_free_words() -> None:
    assert [t.key for t in parse("ValueError: invalid literal for int() with base 10").terms] == (
        [""] * 8
    )


def test_every_example_of_the_keys_is_right() -> None:
    for key in KEYS.values():
        assert one(key.example).key == key.name
        for choice in key.choices:
            assert one(f"{key.name}:{choice}").value == choice


def test_every_alias_leads_to_a_key() -> None:
    for word, key in ALIASES.items():
        assert word not in KEYS
        assert key.partition("[")[0] in KEYS


@pytest.mark.parametrize(
    ("text", "says", "position", "suggestion"),
    [
        ("is:new asigned:me", "Did you mean “assigned:”?", 7, "assigned:me"),
        ("environment:production", "Did you mean “env:”?", 0, "env:production"),
        ("browser:Firefox", "tag[browser]", 0, "tag[browser]:Firefox"),
        ("localhost:8000", "put them in quotes", 0, '"localhost:8000"'),
        ("is:unresolvd", "Did you mean “is:unresolved”?", 3, "is:unresolved"),
        ("is:qqq", "Known are unresolved", 3, ""),
        ("level:eror", "Did you mean “level:error”?", 6, "level:error"),
        ("events:>many", "needs a number", 8, ""),
        ("events:> 5", "needs a value", 8, ""),
        ("events:99999999999999999999", "needs a number", 7, ""),
        ("age:yesterday", "needs a span", 4, ""),
        ("type:", "needs a value", 5, ""),
        ('type:"', "not closed", 5, ""),
        ('x "abc', "not closed", 2, ""),
        ("env:[a,", "needs a value", 7, ""),
        ("env:[a", "A list is written", 4, ""),
        ("env:[a,]", "needs a value", 7, ""),
        ("env:[]", "needs a value", 5, ""),
        ("env:[a]b", "A blank belongs", 4, ""),
        ("[Errno 2] gone", "put it in quotes", 0, ""),
        ("level:>=[error,fatal]", "not with a list", 8, ""),
        ("tag:x", "with its name", 0, "tag[name]:"),
        ("tag[a b]:x", "no name of a tag", 4, ""),
        ("tag[]:x", "with its name", 0, "tag[name]:"),
        ("tag[a/b]:x", "no name of a tag", 4, ""),
        ("env[x]:y", "takes no [x]", 3, "env:"),
        ("!", "right behind it", 0, ""),
        ("! new", "right behind it", 0, ""),
        ("-is:new", "not a dash", 0, "!is:new"),
        ("is:new OR is:regressed", "not a word of the search", 7, ""),
        ("event_id:12", "32 hex digits", 9, ""),
        ("assigned:m*", "takes no *", 9, ""),
        ("*", "matches everything", 0, ""),
        ("message:a*b*c*d*e*f*g", "at most 5 wildcards", 8, ""),
        ("x" * 2001, "longer than 2,000", 2000, ""),
        ("a " * 41, "more than 40 terms", 80, ""),
    ],
)
def test_complains_in_a_sentence(text: str, says: str, position: int, suggestion: str) -> None:
    with pytest.raises(SearchError) as caught:
        parse(text)
    assert says in str(caught.value)
    assert caught.value.position == position
    assert caught.value.suggestion == suggestion


def test_what_is_suggested_parses() -> None:
    for text in ("asigned:me", "environment:x", "browser:Firefox", "localhost:80", "-is:new"):
        with pytest.raises(SearchError) as caught:
            parse(text)
        parse(caught.value.suggestion)


def test_chips_write_into_the_query() -> None:
    query = parse("is:unresolved env:staging boom level:>=error")
    assert str(query.with_term("env", "pro duction")) == (
        'is:unresolved env:"pro duction" boom level:>=error'
    )
    assert str(query.with_term("env", "")) == "is:unresolved boom level:>=error"
    assert str(query.with_term("level", "fatal", ">=")).endswith("level:>=fatal")
    assert str(query.with_term("project", "shop")).endswith("level:>=error project:shop")
    tagged = query.with_term("tag", "Fire*", subkey="browser")
    assert tagged.of("tag") == parse('tag[browser]:"Fire*"').terms
    assert str(query.with_state("resolved")).startswith("is:resolved env:staging")
    assert not query.with_state("").of("is")
    term = one("assigned:me")
    assert query.plus(term).plus(term).terms == (*query.terms, term)
    assert query.plus(term).minus(term) == query


def test_states_leave_other_marks_alone() -> None:
    assert str(parse("is:new is:unassigned").with_state("ongoing")) == "is:ongoing is:unassigned"


def test_spans() -> None:
    assert age_of("-90m") == (True, timedelta(minutes=90))
    assert age_of("2w") == (True, timedelta(weeks=2))
    assert age_of("+1d") == (False, timedelta(days=1))
    assert age_of("1y") is None


# --- Properties --------------------------------------------------------------------------------

_text = st.text(
    st.one_of(st.characters(codec="utf-8", exclude_characters="\0"), st.sampled_from('*"\\[],! :<>-'))
    , min_size=1, max_size=20,
).filter(lambda t: t.strip("* \t\n") and t.strip())  # fmt: skip
_pattern = st.lists(st.one_of(_text.map(literal), st.just("*")), min_size=1, max_size=3).map(
    "".join
).filter(lambda v: v.replace("*", "").strip() and sum(p is None for p in pieces(v)) <= 5)  # fmt: skip
_texted = [key.name for key in KEYS.values() if key.globs and key.name != "tag"]


def _terms() -> st.SearchStrategy[Term]:
    patterns = st.lists(_pattern, min_size=1, max_size=3, unique=True).map(tuple)
    return st.one_of(
        st.builds(Term, st.just(""), patterns, negated=st.booleans()),
        st.builds(Term, st.sampled_from(_texted), patterns, negated=st.booleans()),
        st.builds(Term, st.just("tag"), patterns, negated=st.booleans(),
                  subkey=st.from_regex(r"[a-z0-9_.:\-]{1,8}", fullmatch=True)),
        st.builds(Term, st.sampled_from(["events", "users"]),
                  st.integers(0, 10**14).map(lambda n: (str(n),)),
                  st.sampled_from(["=", ">", ">=", "<", "<="])),
        st.builds(Term, st.just("level"), st.sampled_from(LEVELS).map(lambda v: (v,)),
                  st.sampled_from(["=", ">="])),
        st.builds(Term, st.just("priority"), st.sampled_from(PRIORITIES).map(lambda v: (v,))),
        st.builds(Term, st.just("is"),
                  st.lists(st.sampled_from(IS), min_size=1, unique=True).map(tuple)),
        st.builds(Term, st.just("age"), st.sampled_from([("-24h",), ("+7d",), ("3w", "-1m")])),
    )  # fmt: skip


@given(st.lists(_terms(), max_size=6).map(lambda terms: Query(tuple(terms))))
@settings(max_examples=400, deadline=None)
def test_what_is_written_reads_back(query: Query) -> None:
    text = str(query)
    if len(text) <= 2000:
        assert parse(text) == query


_pieces_of_queries = st.sampled_from(
    ["is:", "tag[", "]:", "env:", "[", "]", ",", '"', "\\", "*", "!", " ", "-", ":", ">=", "level:",
     "events:", "age:", "new", "a", "OR", "\0", "\ud800", "é", "user.id:", "//", "::"]
)  # fmt: skip


def read(text: str) -> tuple[Query, SearchError | None]:
    try:
        return parse(text), None
    except SearchError as error:
        return Query(), error


@given(st.one_of(st.text(max_size=80), st.lists(_pieces_of_queries, max_size=20).map("".join)))
@settings(max_examples=800, deadline=None)
def test_nothing_but_search_errors(text: str) -> None:
    query, complaint = read(text)
    if complaint is not None:
        assert str(complaint)
        assert 0 <= complaint.position <= max(len(text), 2000)
        return
    written = str(query)
    assert parse(written) == query
    assert str(parse(written)) == written
    written.encode()


@given(_text)
def test_literals_mean_themselves(text: str) -> None:
    assert text_of(literal(text)) == text
    assert not has_wildcard(literal(text))
