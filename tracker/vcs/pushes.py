"""What a git host says when somebody pushed, and how it proves that it is the one.

Forged      of `tracker.calls`
"""

from __future__ import annotations

from collections.abc import Mapping

from tracker.calls import Forged, Incoming, gitlab_proof, same, signature
from tracker.domain.weblinks import Provider

# The header that names the event, and those that tell of commits or tags.
_EVENTS: Mapping[str, frozenset[str]] = {
    "x-forgejo-event": frozenset({"push", "create", "delete", "release"}),
    "x-gitea-event": frozenset({"push", "create", "delete", "release"}),
    "x-github-event": frozenset({"push", "create", "delete", "release"}),
    "x-gitlab-event": frozenset({"push hook", "tag push hook", "release hook"}),
    "x-event-key": frozenset({"repo:push", "repo:refs_changed"}),
}
# Where each host puts its HMAC-SHA256 of the body, and what stands before it.
_SIGNED = (
    ("x-hub-signature-256", "sha256="),
    ("x-forgejo-signature", ""),
    ("x-gitea-signature", ""),
    ("x-hub-signature", "sha256="),
)
STEPS: Mapping[str, tuple[str, ...]] = {
    Provider.GITHUB: (
        "In the repository: Settings, Webhooks, Add webhook.",
        "Payload URL and Secret: those below; Content type: application/json.",
        "Just the push event; tags are among them.",
    ),
    Provider.GITLAB: (
        "In the project: Settings, Webhooks, Add new webhook.",
        "URL and Secret token: those below.",
        "Trigger: Push events and Tag push events.",
    ),
    Provider.GITEA: (
        "In the repository: Settings, Webhooks, Add webhook, Gitea or Forgejo.",
        "Target URL and Secret: those below; POST, application/json.",
        "Trigger on push events.",
    ),
    Provider.BITBUCKET: (
        "In the repository: Repository settings, Webhooks, Add webhook.",
        "URL and Secret: those below.",
        "Trigger: Repository push.",
    ),
    Provider.OTHER: (
        "Have the host post to the URL below when somebody pushes.",
        "Proof: X-Hub-Signature-256 (sha256= and the HMAC-SHA256 of the body), or X-Gitlab-Token.",
    ),
}
"""What to do over there, by the host's kind."""


def hear(secret: str, call: Incoming) -> bool:
    """Whether a genuine call tells of a push; others (pings, issues ...) do not. Raises Forged."""
    _prove(secret, call)
    for name, telling in _EVENTS.items():
        if name in call.headers:
            return call.headers[name].lower() in telling
    return True  # a script of somebody's own: whoever knows the secret means a push


def _prove(secret: str, call: Incoming) -> None:
    """By the one proof that the host sends; the first that is there decides."""
    if not secret:
        raise Forged("there is no secret")
    for name, before in _SIGNED:
        given = call.headers.get(name, "")
        if given.startswith(before) and name in call.headers:
            if not same(given, before + signature(secret, call.body)):
                raise Forged(name)
            return
    gitlab_proof(secret, call)
