"""Times, counts and faces, as the admin pages write them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tracker.domain.mentions import parts
from tracker.domain.titles import without_snippet
from tracker.models import Team, User

register = template.Library()

_UNITS = (
    (timedelta(days=365), "y"), (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"),
)  # fmt: skip
FACES = 8


def ago(moment: datetime, now: datetime) -> str:
    """`now`, `5m`, `3h`, `12d` or `2y`."""
    passed = now - moment
    for length, letter in _UNITS:
        if passed >= length:
            return f"{passed // length}{letter}"
    return "now"


@register.simple_tag(takes_context=True)
def when(context: Context, moment: datetime | None, suffix: str = "") -> SafeString | str:
    """How long ago, with the exact time in UTC on hover."""
    if moment is None:
        return ""
    now = context.get("now") or datetime.now(UTC)
    short = ago(moment, now)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"{short}{suffix}" if suffix and short != "now" else "just now" if suffix else short,
    )


@register.filter
def compact(number: int | None) -> str:
    """`950`, `6.3k`, `41k`, `1.2M`."""
    if number is None:
        return "-"
    if number < 1000:
        return str(number)
    for limit, unit, size in ((1e6, "k", 1e3), (1e9, "M", 1e6), (float("inf"), "G", 1e9)):
        if number < limit:
            value = int(number / size * 10) / 10
            return f"{value:.1f}{unit}" if value < 10 else f"{int(value)}{unit}"
    return str(number)


@register.filter
def in_words(message: str) -> str:
    """An error's message without the code that its runtime put under it."""
    return without_snippet(message)


@register.filter
def bounded(number: int) -> str:
    """`412`, or `1000+` when counting stopped there."""
    return "1000+" if number > 1000 else str(number)


@register.simple_tag
def face(who: User | Team | None, size: str = "") -> SafeString:
    """The avatar of a person (initials) or team (#)."""
    if who is None:
        return format_html('<span class="face face-none {}" title="Nobody yet"></span>', size)
    if isinstance(who, Team):
        return format_html(
            '<span class="face face-team {}" title="{}">#</span>', size, f"Team {who.name}"
        )
    number = crc32(who.get_username().encode()) % FACES
    name = who.get_full_name() or who.get_username()
    return format_html(
        '<span class="face face-{} {}" title="{}">{}</span>', number, size, name, who.initials
    )


_ABOUT = {
    "ApiToken": "Lets a script or sentry-cli in under your name; shown once, when it is made.",
    "Attachment": "Files that SDKs sent beside events: downloaded, never opened here.",
    "AuditEntry": "Who changed which setting, person, token or stored data, from where.",
    "Authenticator": "Passkeys and codes of everybody; take away what somebody has lost.",
    "Environment": "Where releases run: production, staging ... Hide those that nobody asks for.",
    "Feedback": "What people wrote when an error met them.",
    "InboundFilters": "What a project does not want to keep: crawlers, extensions, addresses.",
    "Invitation": "A link that lets somebody into a team: it works once, no mail is needed.",
    "Issue": "Everything that broke, grouped by its cause.",
    "Monitor": "Jobs that report in: late, failed and missed runs.",
    "PersonRemoval": "Whose data was deleted on request: when and how much, not who.",
    "Project": "What is watched: one application or service each.",
    "ProjectKey": "What SDKs send with: the DSN and the Rollbar tokens of a project.",
    "Quarantined": "Bodies that could not be read or stored; look, mend, replay.",
    "Release": "Versions of your code: what is new, came back and was resolved in each.",
    "SavedView": "Searches that have a name and a tab in the list; saved from the list itself.",
    "Team": "Who sees which projects, and in what role.",
    "TicketConnection": "Where a team plans its work: issues become tickets there.",
    "TicketLink": "Tickets that issues have, and how both stand.",
    "User": "Everybody with an account here.",
    "AlertRule": "When something happens and matters, tell these channels.",
    "Channel": "Mailboxes, chat rooms, pagers and webhooks: where alerts go.",
    "Decision": "Why each alert was sent, or was not; kept for 14 days.",
    "Delivery": "Every notification with its attempts and answers; send it again.",
    "Incident": "What fired: one open at a time for each rule and issue.",
    "Mail": "What was written by mail, to read it here.",
    "QuietHours": "What of your own reaches you by mail or Slack, and your quiet hours.",
}


@register.simple_tag
def about(model: Any) -> str:
    """What a kind of thing is for, in a sentence."""
    # Templates call what can be called: a class arrives as an instance.
    kind = model if isinstance(model, type) else type(model)
    return _ABOUT.get(kind.__name__, (kind.__doc__ or "").strip().split("\n")[0])


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """A value of a dictionary by a key that is a variable."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def with_mentions(text: str) -> SafeString:
    """A comment with its @names marked and its line breaks kept."""
    return format_html_join("", "{}", ((_piece(piece, marked),) for piece, marked in parts(text)))


def _piece(text: str, marked: bool) -> SafeString:
    if marked:
        return format_html('<b class="mention">{}</b>', text)
    return format_html_join(SafeString("<br>"), "{}", ((line,) for line in text.split("\n")))
