"""From acknowledged bytes to counted events, on a real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from ingest import claims, digest, inbox, waiting
from ingest.models import InboxClaim, InboxRow, Quarantined
from tests.factories.events import python_event as event
from tests.factories.events import store_letter as letter
from tests.factories.projects import make_project
from tracker import books
from tracker.models import Activity, EventRow, Issue, Ledger
from tracker.sql import run

pytestmark = pytest.mark.django_db(transaction=True)


def balanced() -> bool:
    return books.differences() == []


def test_same_fault_is_one_issue_and_all_is_counted() -> None:
    project = make_project()
    inbox.put_rows([letter(project, event(user={"id": n % 3}, release="1.0")) for n in range(10)])

    assert digest.run() == 10

    issue = Issue.objects.get()
    assert (issue.events, issue.users, issue.substatus) == (10, 3, "new")
    assert issue.title == "ValueError: no"
    assert issue.first_release is not None and issue.first_release.version == "1.0"
    assert EventRow.objects.filter(project_id=project.pk).count() == 10
    assert Activity.objects.filter(kind="first_seen", issue=issue).count() == 1
    assert not InboxRow.objects.exists() and not InboxClaim.objects.exists()
    assert balanced()


def test_second_delivery_changes_no_count() -> None:
    project = make_project()
    body = event()
    inbox.put_rows([letter(project, body), letter(project, body)])
    digest.run()
    inbox.put_rows([letter(project, body)])
    digest.run()

    assert Issue.objects.get().events == 1
    assert sum(Ledger.objects.filter(kind="duplicate").values_list("count", flat=True)) == 2
    assert balanced()


def test_what_workers_have_in_common_is_loaded_without_a_database(
    django_assert_num_queries: Any,
) -> None:
    with django_assert_num_queries(0):
        digest.warm_up()


@pytest.mark.parametrize(("first", "left"), [(digest.FEW, 1), (digest.FEW - 1, 0)])
def test_what_comes_during_a_batch_of_many_is_left_for_the_next_bell(
    monkeypatch: pytest.MonkeyPatch, first: int, left: int
) -> None:
    project = make_project()
    inbox.put_rows([letter(project, event(n)) for n in range(first)])
    real = digest.digest_claim

    def meanwhile(claim: claims.Claim) -> int:
        if len(claim.ids) == first:
            inbox.put_rows([letter(project, event(99))])
        return real(claim)

    monkeypatch.setattr(digest, "digest_claim", meanwhile)
    assert digest.run(to_the_last=False) == first + 1 - left
    assert waiting.backlog().rows == left
    assert digest.run(to_the_last=False) == left
    assert balanced()


def test_a_worker_that_comes_too_late_counts_nothing_again(monkeypatch) -> None:
    project = make_project()
    inbox.put_rows([letter(project, event(n)) for n in range(3)])
    claim = claims.take("slow")
    assert claim is not None
    rows = inbox.read(claim.ids)
    # Its lease runs out, and another records the rows meanwhile.
    assert digest.digest_claim(claim) == 3
    monkeypatch.setattr(inbox, "read", lambda ids: rows)

    assert digest.digest_claim(claim) == 0
    assert not Ledger.objects.filter(kind="duplicate").exists()
    assert balanced()


def test_different_faults_are_different_issues() -> None:
    project = make_project()
    inbox.put_rows([letter(project, event(n % 5)) for n in range(20)])
    digest.run()

    assert sorted(Issue.objects.values_list("events", flat=True)) == [4] * 5
    assert balanced()


def test_a_batch_tells_each_issue_where_it_is() -> None:
    project = make_project()

    def come(*places: str) -> list[set[str]]:
        """Digest events of faults 0, 1, ... in these environments; where each issue is then."""
        bodies = [
            event(fault, environment=name)
            for fault, names in enumerate(places)
            for name in names.split()
        ]
        inbox.put_rows([letter(project, body) for body in bodies])
        digest.run()
        known = dict(project.environments.values_list("pk", "name"))
        issues = sorted(Issue.objects.all(), key=lambda issue: issue.culprit)
        return [{known[number] for number in issue.environments} for issue in issues]

    assert come("production", "production staging") == [{"production"}, {"production", "staging"}]
    assert come("canary staging", "staging", "canary") == [
        {"production", "staging", "canary"},
        {"production", "staging"},
        {"canary"},
    ]
    assert balanced()


def test_bad_row_does_not_fail_its_batch_and_ends_in_quarantine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = make_project()
    inbox.put_rows(
        [letter(project, event()), letter(project, b"[not json"), letter(project, event())]
    )
    digest.run()
    assert Issue.objects.get().events == 2

    for _ in range(claims.MOST_ERRORS):
        InboxClaim.objects.update(retry_at="2000-01-01T00:00:00Z")
        digest.run()

    quarantined = Quarantined.objects.get()
    assert "Malformed" in quarantined.reason
    assert not InboxRow.objects.exists() and not InboxClaim.objects.exists()
    assert balanced()


def test_claim_of_a_dead_worker_is_taken_over() -> None:
    project = make_project()
    inbox.put_rows([letter(project, event()) for _ in range(4)])
    dead = claims.take("dead:1")
    assert dead is not None and len(dead.ids) == 4
    assert claims.take("other:1") is None

    InboxClaim.objects.update(lease_until="2000-01-01T00:00:00Z")
    assert digest.run() == 4
    assert balanced()


def test_resolved_issue_regresses_once() -> None:
    from django.utils import timezone

    from tracker.actions import triage

    project = make_project()
    inbox.put_rows([letter(project, event(release="1.0"))])
    digest.run()
    triage.resolve(Issue.objects.all(), None, timezone.now())
    inbox.put_rows([letter(project, event(release="1.1")) for _ in range(3)])
    digest.run()

    issue = Issue.objects.get()
    assert (issue.status, issue.substatus) == ("unresolved", "regressed")
    assert "1.1" in issue.state_why and "1.0" in issue.state_why
    assert Activity.objects.filter(kind="regressed").count() == 1
    assert balanced()


def test_only_what_a_crash_would_have_done_again_does_not_wait_for_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: dict[str, str] = {}

    def spy(module: Any, name: str) -> None:
        real = getattr(module, name)

        def watched(*args: Any) -> Any:
            done = real(*args)
            row = run("SHOW synchronous_commit").fetchone()
            told[name] = row[0] if row else ""
            return done

        monkeypatch.setattr(module, name, watched)

    spy(inbox, "put_rows")
    spy(claims, "_take_fresh")
    spy(claims, "drop")
    inbox.put_rows([letter(make_project(), event(1))])
    assert digest.run() == 1
    assert told == {"put_rows": "on", "_take_fresh": "off", "drop": "off"}
    row = run("SHOW synchronous_commit").fetchone()
    assert row is not None and row[0] == "on"
