"""The ladder: which issue an event takes, adopts or opens."""

from msgspec.structs import replace

from tests.domain.grouping.make import error, event, groups, js, message, py
from tracker.domain.grouping import keys_of
from tracker.domain.grouping.g1.template import slots_of
from tracker.domain.grouping.keys import Key, Keys
from tracker.domain.grouping.resolve import Known, apply, resolve

LINE, LINE_2, MESSAGE, MESSAGE_2, SITE, WEAK = (bytes([n]) * 16 for n in range(1, 7))


def keys(*pairs: tuple[str, bytes]):
    return Keys("g1", tuple(Key(kind, name, "") for kind, name in pairs))


WITH_SOURCE = keys(("line", LINE), ("message_at_site", MESSAGE), ("site", SITE))
OTHER_LINE = keys(("line", LINE_2), ("message_at_site", MESSAGE), ("site", SITE))
NO_SOURCE = keys(("message_at_site", MESSAGE), ("site", SITE))
OTHER_MESSAGE = keys(("message_at_site", MESSAGE_2), ("site", SITE))


def take(found, known, new=1):
    verdict = resolve(found, known)
    issue = verdict.issue if verdict.issue is not None else new
    apply(verdict, issue, known)
    return verdict


def test_an_unknown_event_opens_an_issue_and_stores_all_its_keys():
    verdict = resolve(WITH_SOURCE, {})
    assert verdict.issue is None
    assert verdict.via == LINE
    assert verdict.new_keys == WITH_SOURCE.keys
    assert [verdict.is_precise(key) for key in verdict.new_keys] == [False, True, True]


def test_a_known_line_is_enough():
    known = {}
    take(WITH_SOURCE, known, 7)
    verdict = resolve(WITH_SOURCE, known)
    assert (verdict.issue, verdict.via, verdict.new_keys) == (7, LINE, ())


def test_two_known_lines_at_one_site_never_merge():
    known = {}
    take(WITH_SOURCE, known, 1)
    verdict = resolve(OTHER_LINE, known)
    assert verdict.issue is None
    assert verdict.via == LINE_2
    assert [key.hash for key in verdict.new_keys] == [LINE_2]


def test_without_source_the_message_at_the_site_decides_then_the_site():
    known = {}
    take(WITH_SOURCE, known, 1)
    take(keys(("line", LINE_2), ("message_at_site", MESSAGE_2), ("site", SITE)), known, 2)
    assert resolve(NO_SOURCE, known).issue == 1
    assert resolve(OTHER_MESSAGE, known).issue == 2
    third = keys(("message_at_site", b"9" * 16), ("site", SITE))
    assert resolve(third, known).issue == 1


def test_the_first_line_adopts_an_issue_opened_without_source_the_second_does_not():
    known = {}
    take(NO_SOURCE, known, 1)
    verdict = take(WITH_SOURCE, known)
    assert verdict.issue == 1
    assert set(verdict.mark_precise) == {MESSAGE, SITE}
    assert resolve(OTHER_LINE, known).issue is None


def test_a_line_is_not_adopted_by_a_site_whose_message_differs():
    known = {}
    take(OTHER_MESSAGE, known, 1)
    assert resolve(WITH_SOURCE, known).issue is None


def test_a_second_message_of_an_issue_does_not_let_a_second_line_in():
    known = {}
    take(NO_SOURCE, known, 1)
    take(OTHER_MESSAGE, known, 1)
    take(WITH_SOURCE, known)
    second = keys(("line", LINE_2), ("message_at_site", MESSAGE_2), ("site", SITE))
    assert resolve(second, known).issue is None


def test_a_place_adopts_a_weak_issue_once():
    known = {}
    take(keys(("weak", WEAK)), known, 1)
    assert (
        take(keys(("message_at_site", MESSAGE), ("site", SITE), ("weak", WEAK)), known).issue == 1
    )
    elsewhere = keys(("message_at_site", MESSAGE_2), ("site", b"8" * 16), ("weak", WEAK))
    assert resolve(elsewhere, known).issue is None
    assert resolve(keys(("weak", WEAK)), known).issue == 1


def test_a_locked_key_matches_exactly_and_is_never_adopted():
    known = {
        SITE: Known(issue=5, kind="site", locked=True),
        MESSAGE: Known(issue=5, kind="message_at_site", locked=True),
    }
    assert resolve(NO_SOURCE, known).issue == 5
    assert resolve(WITH_SOURCE, known).issue is None


def test_a_discarded_key_drops_the_event_and_stores_nothing():
    known = {LINE: Known(issue=5, kind="line", discard=True)}
    verdict = resolve(WITH_SOURCE, known)
    assert (verdict.issue, verdict.discard, verdict.new_keys, verdict.mark_precise) == (
        5,
        True,
        (),
        (),
    )
    assert verdict.via == LINE


def test_after_an_upgrade_the_old_keys_find_the_issue_and_the_new_keys_join_it():
    old, new = keys(("line", LINE)), Keys("g2", (Key("line", LINE_2, ""),))
    known = {LINE: Known(issue=3, kind="line")}
    verdict = resolve(new, known, older=old)
    assert (verdict.issue, verdict.via) == (3, LINE_2)
    assert [key.hash for key in verdict.new_keys] == [LINE_2]
    apply(verdict, 3, known)
    assert resolve(new, known).issue == 3


def test_merged_keys_lead_to_the_issue_that_took_them():
    known = {}
    take(WITH_SOURCE, known, 1)
    known.update({name: replace(row, issue=2) for name, row in known.items()})
    assert resolve(WITH_SOURCE, known).issue == 2


def test_with_and_without_source_meet_in_either_order():
    frame = py("shop.orders", "parse", "return int(text)")
    bare = py("shop.orders", "parse")
    one = event("python", error("ValueError", "invalid literal for int() with base 10: 'a'", frame))
    two = event("python", error("ValueError", "invalid literal for int() with base 10: 'b'", bare))
    assert groups(one, two) == [1, 1]
    assert groups(two, one) == [1, 1]


def test_a_minified_twin_joins_the_mapped_issue_and_is_adopted_by_it():
    text = "Cannot read properties of null (reading 'percent')"
    twin = event(
        "javascript",
        error("TypeError", text, js("https://x.test/app-1a2b3c4d.js", "Object.ga", colno=24457)),
    )
    mapped = event(
        "javascript",
        error("TypeError", text, js("./src/cart.js", "applyCoupon", "return c.coupon.percent")),
    )
    assert groups(twin, mapped) == [1, 1]
    assert groups(mapped, twin) == [1, 1]
    assert keys_of(twin).keys[0].kind == "weak"


def told(words, text="User {} could not be found again"):
    """The issue of each message, in order."""
    return groups(*(message(text.format(word)) for word in words))


def test_a_word_that_looks_like_data_varies_after_five():
    assert told(["Anna", "Bela", "Chidi", "Dora", "Emre", "Farid", "Emre"]) == [1, 2, 3, 4, 1, 1, 1]


def test_a_plain_word_varies_after_twelve():
    words = [f"word{'a' * number}" for number in range(13)]
    assert told(words)[:11] == list(range(1, 12))
    assert told(words)[11:] == [1, 1]


def test_words_that_come_again_are_no_data():
    names = ["Anna", "Bela", "Chidi", "Dora"]
    assert told([*names, *names, *names, "Emre", "Farid"])[-2:] == [5, 6]


def test_names_of_two_words_vary_together():
    names = ["Anna Okafor", "Bela Novak", "Chidi Weiss", "Dora Costa", "Emre Duval"]
    assert told(names) == [1, 2, 3, 4, 1]


def test_a_template_that_the_sdk_tells_leaves_nothing_open():
    assert not keys_of(message("Hello there dear Anna", template="Hello there dear %s")).slots


def test_short_and_long_messages_leave_nothing_open():
    assert slots_of("Login failed") == {}
    assert slots_of("word " * 20) == {}
    assert len(slots_of("User anna could not log in again")) == 7


def test_what_looks_like_data():
    open_ = slots_of("Job nightly.cleanup of Anna held lock orders:4711 again")
    assert sorted(text for text, data in open_.items() if data) == [
        "job <*> of anna held lock orders:<*> again",
        "job nightly.cleanup of <*> held lock orders:<*> again",
        "job nightly.cleanup of anna held lock <*> again",
    ]
