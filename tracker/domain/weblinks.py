"""Addresses at which people read code: a line of a file, a commit, by the host's own habits."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import quote, urlsplit


class Provider(StrEnum):
    """Whose links a repository has."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    BITBUCKET = "bitbucket"
    OTHER = "other"


LABELS = {
    Provider.GITHUB: "GitHub", Provider.GITLAB: "GitLab", Provider.GITEA: "Gitea, Forgejo",
    Provider.BITBUCKET: "Bitbucket", Provider.OTHER: "Other",
}  # fmt: skip
CHOICES = [(provider.value, label) for provider, label in LABELS.items()]
_HOSTS = {
    "github.com": Provider.GITHUB, "gitlab.com": Provider.GITLAB, "codeberg.org": Provider.GITEA,
    "gitea.com": Provider.GITEA, "bitbucket.org": Provider.BITBUCKET,
}  # fmt: skip
_WORDS = (("github", Provider.GITHUB), ("gitlab", Provider.GITLAB), ("gitea", Provider.GITEA),
          ("forgejo", Provider.GITEA), ("bitbucket", Provider.BITBUCKET))  # fmt: skip
_LINE = {
    Provider.GITHUB: "{base}/blob/{sha}/{path}#L{line}",
    Provider.GITLAB: "{base}/-/blob/{sha}/{path}#L{line}",
    Provider.GITEA: "{base}/src/commit/{sha}/{path}#L{line}",
    Provider.BITBUCKET: "{base}/src/{sha}/{path}#lines-{line}",
}
_COMMIT = {
    Provider.GITHUB: "{base}/commit/{sha}",
    Provider.GITLAB: "{base}/-/commit/{sha}",
    Provider.GITEA: "{base}/commit/{sha}",
    Provider.BITBUCKET: "{base}/commits/{sha}",
}
# A company's own Bitbucket says it otherwise: /projects/KEY/repos/name.
_OWN_BITBUCKET = re.compile(r"/(?:projects|users)/[^/]+/repos/[^/]+$")


def provider_of(host: str) -> Provider:
    """Whose links a host likely has, by its name."""
    host = host.lower()
    known = _HOSTS.get(host)
    return known or next((kind for word, kind in _WORDS if word in host), Provider.OTHER)


def web_base(scheme: str, host: str, port: int, path: str) -> str:
    """Where people likely read a repository that lies at this address; "" when nobody can tell."""
    if not host or scheme not in ("https", "http", "ssh"):
        return ""
    name = path.strip("/").removesuffix(".git")
    own = scheme != "ssh" and port not in (80, 443)
    where = f"{host}:{port}" if own else host
    return f"{'http' if scheme == 'http' else 'https'}://{where}/{quote(name, safe='/~')}"


def safe_base(text: str) -> str:
    """The address if pages may link to it, without its final slash; else ""."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    odd = re.search(r"[\x00-\x20\x7f\"'<>\\]", text) or parts.query or parts.fragment
    return "" if not fine or odd or parts.username is not None else text.rstrip("/")


def line_link(provider: str, base: str, sha: str, path: str, line: int | None) -> str:
    """A line of a file at a commit; "" where such links are not known."""
    base = safe_base(base)
    form = _LINE.get(_known(provider))
    if not base or form is None or not sha:
        return ""
    where = quote(path, safe="/")
    if provider == Provider.BITBUCKET and _OWN_BITBUCKET.search(base):
        found = f"{base}/browse/{where}?at={quote(sha)}#{line or ''}"
    else:
        found = form.format(base=base, sha=quote(sha, safe=""), path=where, line=line or 0)
    return found if line else found.partition("#")[0]


def commit_link(provider: str, base: str, sha: str) -> str:
    """A commit; "" where such links are not known."""
    base, form = safe_base(base), _COMMIT.get(_known(provider))
    if not base or form is None or not sha:
        return ""
    return form.format(base=base, sha=quote(sha, safe=""))


def _known(provider: str) -> Provider:
    try:
        return Provider(provider)
    except ValueError:
        return Provider.OTHER
