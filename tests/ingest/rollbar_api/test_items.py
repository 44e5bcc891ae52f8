"""Items as Rollbar's tools list, read and change them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ingest.rollbar_api.conftest import Asker
from tracker.models import Issue, IssueTag, Ledger, Membership, Role, User


def ids(listed: dict[str, Any]) -> list[int]:
    return [one["id"] for one in listed["items"]]


class TestTokens:
    @pytest.mark.parametrize(
        ("token", "status"),
        [("read", 200), ("write", 200), ("post_server", 403), ("post_client", 403),
         ("wrong", 403), ("", 401)],
    )  # fmt: skip
    def test_reading_takes_a_read_token(self, asker: Asker, token: str, status: int):
        for path in ("items/", "instances/", "search/", "reports/top_active_items",
                     "reports/occurrence_counts"):  # fmt: skip
            asker.call(path, status, token=token)

    @pytest.mark.parametrize(
        ("token", "status"), [("write", 200), ("read", 403), ("post_server", 403), ("", 401)]
    )
    def test_changing_takes_a_write_token(self, asker: Asker, token: str, status: int):
        issue = asker.send()
        change = {"status": "resolved"}
        asker.call(f"item/{issue.pk}", status, token=token, method="patch", body=change)
        issue.refresh_from_db()
        assert issue.status == ("resolved" if status == 200 else "unresolved")

    def test_the_token_may_be_in_the_address(self, asker: Asker):
        asker.call(f"items/?access_token={asker.tokens['read']}", token="")

    def test_accounts_are_refused_by_403(self, asker: Asker):
        for path in ("projects", "projects/", "users", "teams", "project/7"):
            assert "token" in asker.call(path, 403)

    def test_what_is_unknown_is_json_too(self, asker: Asker):
        asker.call("nonsense/7/", 404)
        asker.call("items/", 405, method="delete")

    def test_another_projects_rows_are_not_there(self, asker: Asker, poster: Any):
        from tests.factories.projects import make_project
        from tests.ingest.conftest import Poster

        other = Asker(Poster(make_project("Other")))
        issue = other.send()
        instance = other.call(f"item/{issue.pk}")["last_occurrence_id"]
        other.call(f"instance/{instance}")
        for path in (f"item/{issue.pk}", f"item/?counter={issue.pk}", f"instance/{instance}",
                     f"item/{issue.pk}/instances", f"item_by_counter/{issue.pk}",
                     "versions/1.0", f"reports/occurrence_counts?item_id={issue.pk}"):  # fmt: skip
            asker.call(path, 404)
        asker.call(f"item/{issue.pk}", 404, token="write", method="patch", body={"status": "muted"})
        assert ids(asker.call("items/")) == []
        assert asker.call("instances/")["instances"] == []

    def test_a_refusal_is_no_refused_event(self, asker: Asker):
        asker.call("item/1", 404)
        asker.call("items/?status=odd", 422)
        from ingest.limits import LIMITS

        LIMITS.flush()
        assert not Ledger.objects.filter(project_id=asker.project.pk, kind="refused").exists()


class TestReading:
    def test_an_item_has_what_tools_read(self, asker: Asker):
        issue = asker.send(times=3, person={"id": "7"}, level="critical")
        told = asker.call(f"item/{issue.pk}/")
        assert told == asker.call(f"item?counter={issue.pk}") == asker.call(
            f"item/?counter={issue.short_id}"
        )  # fmt: skip
        wanted = {
            "id": issue.pk, "counter": issue.pk, "project_id": asker.project.pk,
            "environment": "production", "status": "active", "level": "critical",
            "total_occurrences": 3, "unique_occurrences": 1, "resolved_in_version": None,
            "assigned_user_id": None, "group_status": 1, "group_item_id": None,
            "last_occurrence_timestamp": int(issue.last_seen.timestamp()),
            "first_occurrence_timestamp": int(issue.first_seen.timestamp()),
            "title": "Fault1Error: order 1 failed", "platform": "python",
        }  # fmt: skip
        assert {name: told[name] for name in wanted} == wanted
        assert len(told["hash"]) == 32
        for name in ("first_occurrence_id", "last_occurrence_id", "activating_occurrence_id"):
            assert 0 < told[name] < 2**53
        assert asker.call(f"instance/{told['last_occurrence_id']}")["item_id"] == issue.pk

    def test_a_counter_leads_to_its_item(self, asker: Asker):
        issue = asker.send()
        token = {"X-Rollbar-Access-Token": asker.tokens["read"]}
        answer = asker.client.get(f"/api/1/item_by_counter/{issue.pk}", headers=token)
        assert answer.status_code == 301
        assert json.loads(answer.content)["result"]["itemId"] == issue.pk
        assert answer["Location"].endswith(f"/api/1/item/{issue.pk}/")
        assert asker.call(f"item/{issue.pk}")["id"] == issue.pk
        for odd in ("", "0", "x", "9" * 18, "-", "A-"):
            asker.call(f"item?counter={odd}", 404)

    def test_filters_of_the_list(self, asker: Asker):
        one, two = asker.send(1), asker.send(2, level="warning", environment="staging")
        three = asker.send(3, level="info")
        for query, wanted in (
            ("", [three, two, one]), ("environment=staging", [two]), ("environment=none", []),
            ("environment=staging&environment=production", [three, two, one]),
            ("level=warning&level=info", [three, two]), ("level=error,info", [three, one]),
            ("status=active", [three, two, one]), ("status=resolved", []), ("status=any", [three, two, one]),
            ("query=Fault2Error", [two]), ("query=order%20nonsense", []), ("query=order+failed", [three, two, one]),
            (f"ids={one.pk},{two.pk}", [two, one]), (f"ids={one.pk}&ids=x", [one]),
            ("assigned_user=unassigned", [three, two, one]), ("assigned_user=assigned", []),
            ("limit=2", [three, two]), ("limit=2&page=2", [one]), ("page=9", []),
        ):  # fmt: skip
            assert ids(asker.call(f"items/?{query}")) == [i.pk for i in wanted], query
        told = asker.call("items/?limit=2&page=2&environment=production")
        assert (told["page"], told["total_count"], told["items"]) == (2, 2, [])
        asker.call("items/?level=loud", 422)
        asker.call("items/?status=gone", 422)

    def test_the_python_clients_search(self, asker: Asker):
        issue = asker.send(1)
        asker.send(2)
        told = asker.call("search/?title=fault1&fields=id,title,status&status=active")
        assert told == {"page": 1, "items": [
            {"id": issue.pk, "title": "Fault1Error: order 1 failed", "status": "active"}]}  # fmt: skip


class TestChanging:
    def patch(self, asker: Asker, issue: Issue, expect: int = 200, /, **change: Any) -> Any:
        path = f"item/{issue.pk}"
        return asker.call(path, expect, token="write", method="patch", body=change)

    def test_statuses(self, asker: Asker):
        issue = asker.send()
        told = self.patch(asker, issue, status="resolved")
        assert told["status"] == "resolved" and told["last_resolved_timestamp"]
        assert self.patch(asker, issue, status="resolved")["status"] == "resolved"
        assert self.patch(asker, issue, status="active")["status"] == "active"
        for word in ("muted", "archived"):
            assert self.patch(asker, issue, status=word)["status"] == "muted"
        asker.send(times=2)  # records on, and stays so
        assert asker.call(f"item/{issue.pk}")["status"] == "muted"
        assert self.patch(asker, issue, snoozed=False)["status"] == "active"
        told = self.patch(asker, issue, snoozed=True, snooze_expiration_in_seconds=3600)
        assert told["snoozed"] is True and told["snooze_expires_at"] > 0

    def test_resolved_in_a_version(self, asker: Asker):
        issue = asker.send()
        told = self.patch(asker, issue, status="resolved", resolved_in_version="2.0")
        assert (told["status"], told["resolved_in_version"]) == ("resolved", "2.0")
        asker.send(code_version="1.9")
        assert asker.call(f"item/{issue.pk}")["status"] == "resolved"
        asker.send(code_version="2.0.1")
        assert asker.call(f"item/{issue.pk}")["status"] == "active"
        assert IssueTag.objects.filter(issue_id=issue.pk, key="release").count() == 3

    def test_assigning(self, asker: Asker):
        issue = asker.send()
        ada = User.objects.create_user(f"ada{issue.pk}")
        assert "add them" in self.patch(asker, issue, 422, assigned_user_id=ada.pk)
        Membership.objects.create(team=asker.project.team, user=ada, role=Role.TRIAGER)
        assert self.patch(asker, issue, assigned_user_id=ada.pk)["assigned_user_id"] == ada.pk
        assert ids(asker.call(f"items/?assigned_user=ada{issue.pk}")) == [issue.pk]
        assert ids(asker.call(f"items/?assigned_user={ada.pk}")) == [issue.pk]
        assert self.patch(asker, issue, assigned_user_id=None)["assigned_user_id"] is None
        team = asker.project.team_id
        assert self.patch(asker, issue, team_id=team)["assigned_team_id"] == team

    @pytest.mark.parametrize(
        "change",
        [{"status": "gone"}, {"level": "critical"}, {"title": "Mine"}, {"colour": "red"},
         {"status": "muted", "resolved_in_version": "2"}, {"assigned_user_id": 987654321},
         {"assigned_user_id": "x"}, {"team_id": 987654321}, {"status": ["resolved"]},
         {"resolved_in_version": "\x00" * 300, "status": "resolved"}],
    )  # fmt: skip
    def test_nonsense_changes_nothing(self, asker: Asker, change: dict[str, Any]):
        issue = asker.send()
        self.patch(asker, issue, 422, **{"snoozed": False, **change})
        issue.refresh_from_db()
        assert (issue.status, issue.assignee_id) == ("unresolved", None)

    def test_what_is_so_already_is_no_error(self, asker: Asker):
        issue = asker.send()
        told = self.patch(asker, issue, title=issue.title, level="error", status="active")
        assert told["status"] == "active"
        asker.call(f"item/{issue.pk}", 400, token="write", method="patch", body=b"{nonsense")
