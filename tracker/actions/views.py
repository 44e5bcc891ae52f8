"""Saving a view of the issue list, for oneself or a team.

ViewError       a name that is missing or taken, or too many; `str()` is for the page
"""

from django.db import IntegrityError, transaction

from tracker.models import SavedView, Team, User

MOST = 12


class ViewError(Exception):
    """A view can't be saved as asked."""


def save_view(
    owner: User | Team, name: str, query: str, sort: str, *, as_default: bool
) -> SavedView:
    """Save under a name; the same name again replaces. Raises ViewError."""
    name = " ".join(name.split())
    if not name or len(name) > 40:
        raise ViewError("A view needs a name of at most 40 letters.")
    whose = {"owner": owner} if isinstance(owner, User) else {"team": owner}
    with transaction.atomic():
        views = SavedView.objects.filter(**whose).select_for_update()
        others = [view for view in views if view.name != name]
        if len(others) >= MOST:
            raise ViewError(f"There are {MOST} views already: remove one first.")
        if as_default:
            SavedView.objects.filter(**whose).update(is_default=False)
        values = {"query": query[:1000], "sort": sort[:20], "is_default": as_default}
        try:
            view, _ = SavedView.objects.update_or_create(**whose, name=name, defaults=values)
        except IntegrityError:
            raise ViewError("Somebody saved a view at the same moment: try again.") from None
    return view
