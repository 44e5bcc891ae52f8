"""Configuring, fetching and forgetting a repository; what the page shows, and to whom."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.test import Client
from django.urls import reverse

from tests.tracker.vcs.conftest import Cloned, git, now
from tracker import vault
from tracker.actions import repositories
from tracker.actions.repositories import RepositoryError, RepositoryTold
from tracker.models import AuditEntry, Membership, Project, Repository, User
from tracker.vcs import clone
from tracker.vcs import git as git_program

LATER = datetime(2100, 1, 1, tzinfo=UTC)
TOKEN = "glpat-very-secret"


def save(project: Project, owner: User, url: str, **more: Any) -> Repository:
    return repositories.save(project, None, RepositoryTold("", url, **more), owner, now())


def fetched(row: Repository) -> Repository:
    repositories.work_off(LATER, now)
    row.refresh_from_db()
    return row


# --- Over http, with a token -------------------------------------------------------------------


class Host(ThreadingHTTPServer):
    """A git host: `git http-backend` behind basic authentication; remembers what it was asked."""

    origin: Path
    asked: list[str]
    redirect = ""


class Backend(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        self.serve()

    def do_POST(self) -> None:
        self.serve()

    def log_message(self, *_: Any) -> None:
        return

    def serve(self) -> None:
        self.server.asked.append(self.path)
        if self.server.redirect:
            self.send_response(302)
            self.send_header("Location", self.server.redirect + self.path)
            self.end_headers()
            return
        wanted = "Basic " + base64.b64encode(f"oauth2:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environment = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.server.origin.parent),
            "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
            "REQUEST_METHOD": self.command, "REMOTE_USER": "x",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)), "GIT_CONFIG_COUNT": "1",
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        }  # fmt: skip
        done = subprocess.run(
            ["git", "http-backend"], input=body, capture_output=True, env=environment, check=True
        )
        head, _, text = done.stdout.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((int(v[:3]) for k, v in lines if k == "Status"), 200)
        self.send_response(status)
        for name, value in lines:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def host(planted: tuple[Path, dict[str, str]], settings: Any) -> Iterator[Host]:
    server = Host(("127.0.0.1", 0), Backend)
    server.origin, server.asked = planted[0], []
    settings.EMBERWATCH_OUTBOUND_ALLOW = (f"127.0.0.1:{server.server_port}",)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a_token_opens_the_door_and_shows_up_nowhere(
    shop: Project, owner: User, host: Host, caplog: pytest.LogCaptureFixture
):
    url = f"http://127.0.0.1:{host.server_port}/shop.git"
    row = save(shop, owner, url, provider="gitlab", secret=TOKEN)
    assert TOKEN not in row.sealed and vault.unseal(row.sealed) == {"token": TOKEN}
    row = fetched(row)
    assert (row.state, row.branch) == ("ready", "main"), row.problem
    assert row.head == git(host.origin, "rev-parse", "main") and row.size > 1000
    folder = clone.folder_of(row)
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert TOKEN.encode() not in kept and TOKEN not in caplog.text
    assert not (folder / "hooks").exists()
    entry = AuditEntry.objects.get(kind="repository")
    assert TOKEN not in str(entry.after) and entry.after["url"] == url


@pytest.fixture
def authority(host: Host, tmp_path: Path) -> Path:
    """The host speaks TLS, under an authority that nobody else knows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Inner authority")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
                       critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    told, kept = tmp_path / "authority.pem", tmp_path / "key.pem"
    told.write_bytes(certificate.public_bytes(Encoding.PEM))
    kept.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(told, kept)
    host.socket = context.wrap_socket(host.socket, server_side=True)
    return told


def test_over_tls_by_an_authority_of_ones_own(
    shop: Project, owner: User, host: Host, authority: Path, monkeypatch: pytest.MonkeyPatch
):
    url = f"https://127.0.0.1:{host.server_port}/shop.git"
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    row = fetched(save(shop, owner, url, provider="gitlab", secret=TOKEN))
    assert row.state == "failed" and "SSL_CERT_FILE" in row.problem, row.problem
    assert host.asked == [], "a host that nobody vouches for is told no token"
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    repositories.ask(row, now())
    row = fetched(row)
    assert (row.state, row.branch) == ("ready", "main"), row.problem
    assert row.head == git(clone.folder_of(row), "rev-parse", "main")
    assert row.web_url == url.removesuffix(".git")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("git@host: Permission denied (publickey).\n", "refuses the SSH key"),
        ("@@@@@@@\n@ WARNING @\nHost key verification failed.\n", "not the one that is known"),
        ('Load key "/tmp/x": error in libcrypto\ngit@host: Permission denied', "can't be read"),
        ("ssh: connect to host x port 22: Connection refused\n", "onnection refused"),
        ("", "Could not read from remote"),
    ],
)
def test_what_ssh_says_is_told(said: str, meant: str):
    rest = "fatal: Could not read from remote repository.\n\nPlease make sure you have the rights"
    sentence = git_program.sentence(f"{said}{rest}".encode())
    assert meant in clone._said(git_program.GitFailed(sentence), has_secret=True)


def test_a_wrong_or_missing_token_is_said(shop: Project, owner: User, host: Host):
    url = f"http://127.0.0.1:{host.server_port}/shop.git"
    row = fetched(save(shop, owner, url, provider="gitlab", secret="other"))
    assert row.state == "failed" and "refuses the token" in row.problem
    assert row.due_at > now() and row.failures == 1
    told = RepositoryTold("", url, "gitlab", secret="")
    row = fetched(repositories.save(shop, row, told, owner, now()))
    assert "asks for a token" in row.problem


def test_redirects_are_not_followed(shop: Project, owner: User, host: Host):
    host.redirect = f"http://127.0.0.1:{host.server_port}/inner"
    row = fetched(save(shop, owner, f"http://127.0.0.1:{host.server_port}/shop.git"))
    assert row.state == "failed" and "redirect" in row.problem.lower()
    assert not any(path.startswith("/inner") for path in host.asked)


# --- Over ssh ------------------------------------------------------------------------------------

FAKE_SSH = """#!/bin/sh
# What ssh would do: say with what it was called, then run the last word on the other side.
for word in "$@"; do echo "$word" >> "{log}"; last="$word"; done
key=$(grep -A1 -x -e -i "{log}" | tail -1)
stat -c %a "$key" >> "{log}"; cat "$key" >> "{log}"
cd "{home}" && eval "exec $last"
"""


@pytest.mark.parametrize("url", ["git@127.0.0.1:shop.git", "ssh://git@127.0.0.1{home}/shop.git"])
def test_ssh_is_given_our_key_our_hosts_and_the_checked_address(
    shop: Project, owner: User, planted: tuple[Path, dict[str, str]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, settings: Any, url: str,
):  # fmt: skip
    home, log, programs = planted[0].parent, tmp_path / "log", tmp_path / "bin"
    programs.mkdir()
    (programs / "ssh").write_text(FAKE_SSH.format(log=log, home=home))
    (programs / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
    key = "-----BEGIN KEY-----\nsecret-key\n-----END KEY-----"
    row = save(shop, owner, url.format(home=home), secret=key, known_hosts="127.0.0.1 ssh-x AAAA")
    assert vault.unseal(row.sealed) == {"key": key}
    row = fetched(row)
    assert row.state == "ready", row.problem
    words = log.read_text().splitlines()
    for wanted in ("-F", "BatchMode=yes", "StrictHostKeyChecking=yes", "HostName=127.0.0.1",
                   "ProxyCommand=none", "ForwardAgent=no", "600", "secret-key"):  # fmt: skip
        assert wanted in words
    path = words[words.index("-i") + 1]
    assert not Path(path).exists(), "the key lies in a file only while it is used"


def test_ssh_without_a_key_says_so(shop: Project, owner: User, settings: Any):
    settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
    row = fetched(save(shop, owner, "git@127.0.0.1:shop.git"))
    assert "private key" in row.problem or "ssh is not installed" in row.problem


# --- Which addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://127.0.0.1/x.git", "not a public address"),
        ("https://localhost/x.git", "not a public address"),
        ("https://[::1]/x.git", "not a public address"),
        ("ssh://git@10.0.0.7/x.git", "not a public address"),
        ("git@192.168.1.9:team/x.git", "not a public address"),
        ("https://8.8.8.8:8443/x.git", "ort 8443"),
        ("http://8.8.8.8/x.git", "in the clear"),
    ],
)
def test_the_guard_stands_before_git(shop: Project, owner: User, url: str, part: str):
    row = fetched(save(shop, owner, url))
    assert row.state == "failed" and part in row.problem


@pytest.mark.parametrize(
    "url",
    ["ext::sh -c touch% /tmp/x", "ftp://host/x", "https://user:word@host/x.git", "--upload-pack=x",
     "git://host/x.git", "https://host/x y", "", "https://host", "-oProxyCommand=x:y",
     "https://host/x?y=1", "ssh://-oProxyCommand=x/y", "git@-oProxyCommand=x:y", "fd::17"],
)  # fmt: skip
def test_odd_addresses_are_refused(shop: Project, owner: User, url: str):
    with pytest.raises(RepositoryError):
        save(shop, owner, url)


def test_folders_need_the_setting_and_the_owner(
    shop: Project, owner: User, planted: tuple[Path, dict[str, str]], settings: Any, tmp_path: Path
):
    url = f"file://{planted[0]}"
    with pytest.raises(RepositoryError, match="owner"):
        save(shop, User.objects.create_user("ada"), url)
    row = fetched(save(shop, owner, url))
    assert "EMBERWATCH_GIT_FOLDERS" in row.problem
    settings.EMBERWATCH_GIT_FOLDERS = (str(tmp_path),)
    (tmp_path / "link.git").symlink_to(planted[0])
    repositories.ask(row, now())
    assert "does not lie below" in fetched(row).problem
    linked = fetched(save(shop, owner, f"file://{tmp_path}/link.git", provider="other"))
    assert "does not lie below" in linked.problem, "a link leads out of the folder"


# --- Fetching ------------------------------------------------------------------------------------


def test_without_git_there_is_one_clear_sentence(
    shop: Project, owner: User, monkeypatch: pytest.MonkeyPatch, cloned: Cloned
):
    monkeypatch.setenv("PATH", os.devnull)
    repositories.ask(cloned.row, now())
    assert "Git is not installed" in fetched(cloned.row).problem
    client = Client()
    client.force_login(owner)
    page = client.get(reverse("admin:tracker_repository_project", args=[shop.pk]))
    assert "Git is not installed" in page.content.decode()


def test_a_clone_has_its_limit(shop: Project, owner: User, cloned: Cloned, settings: Any):
    settings.CLONE_MB = 0
    row = save(shop, owner, f"file://{cloned.origin}", provider="other")
    Repository.objects.filter(pk=row.pk).update(name="other")
    repositories.ask(row, now())
    row = fetched(row)
    assert row.state == "failed" and "EMBERWATCH_CLONE_MB" in row.problem


def test_hooks_and_configuration_of_the_other_side_do_nothing(
    shop: Project, owner: User, planted: tuple[Path, dict[str, str]], settings: Any, tmp_path: Path
):
    evil, mark = tmp_path / "evil.git", tmp_path / "was-here"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(planted[0]), str(evil)], check=True)
    script = tmp_path / "script"
    script.write_text(f'#!/bin/sh\ntouch {mark}\nexec "$@"\n')
    script.chmod(0o755)
    git(evil, "config", "uploadpack.packObjectsHook", str(script))
    git(evil, "config", "core.fsmonitor", str(script))
    git(evil, "config", "core.alternateRefsCommand", str(script))
    settings.EMBERWATCH_GIT_FOLDERS = (str(tmp_path),)
    row = fetched(save(shop, owner, f"file://{evil}"))
    assert row.state == "ready", row.problem
    assert not mark.exists()


def test_two_workers_do_not_fetch_the_same(shop: Project, owner: User, cloned: Cloned):
    repositories.ask(cloned.row, now())
    taken = repositories._claim(now())
    assert taken is not None and taken.pk == cloned.row.pk
    assert repositories._claim(now()) is None
    after = now() + repositories.LEASE + timedelta(seconds=1)
    assert repositories._claim(after) is not None, "a dead worker's lease runs out"


def test_another_address_starts_anew_and_forgets_the_token(
    shop: Project, owner: User, cloned: Cloned
):
    old = clone.folder_of(cloned.row)
    cloned.row.sealed = vault.seal({"token": TOKEN})
    cloned.row.save(update_fields=["sealed"])
    told = RepositoryTold("team/shop", "https://other.example/team/shop.git")
    row = repositories.save(shop, cloned.row, told, owner, now())
    assert row.sealed == "" and row.head == "" and clone.folder_of(row) != old
    assert old.exists() and repositories.tidy() == 1 and not old.exists()


def test_a_forgotten_repositorys_clone_goes(shop: Project, owner: User, cloned: Cloned):
    folder = clone.folder_of(cloned.row)
    assert repositories.tidy() == 0
    repositories.remove(cloned.row, owner, now())
    assert repositories.tidy() == 1 and not folder.exists()


def test_short_history_is_kept_short(shop: Project, owner: User, cloned: Cloned):
    told = RepositoryTold("short", f"file://{cloned.origin}", depth=3)
    row = fetched(repositories.save(shop, None, told, owner, now()))
    assert row.state == "ready", row.problem
    assert git(clone.folder_of(row), "rev-list", "--count", "main") == "3"


# --- The page ------------------------------------------------------------------------------------


def person(shop: Project, role: str) -> Client:
    user = User.objects.create_user(role)
    Membership.objects.create(team=shop.team, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def test_admins_configure_and_others_only_see(shop: Project, cloned: Cloned):
    address = reverse("admin:tracker_repository_one", args=[shop.pk, cloned.row.pk])
    viewer, admin = person(shop, "viewer"), person(shop, "admin")
    page = viewer.get(address).content.decode()
    assert "ready" in page and 'name="secret"' not in page and "Fetch now" not in page
    for action in ("save", "fetch", "delete"):
        assert viewer.post(address, {"action": action}).status_code == 403
    listed = reverse("admin:tracker_repository_project", args=[shop.pk])
    said = admin.post(listed, {"action": "save", "url": "https://git.example/a/b.git",
                               "secret": TOKEN})  # fmt: skip
    made = Repository.objects.get(name="a/b")
    assert said.status_code == 302 and vault.unseal(made.sealed) == {"token": TOKEN}
    page = admin.get(said["Location"]).content.decode()
    assert TOKEN not in page and made.sealed not in page and "kept; write here" in page
    said = admin.post(listed, {"action": "save", "url": "file:///etc"})
    assert "Only the instance" in said.content.decode()


def test_foreign_repositories_are_not_found(shop: Project, cloned: Cloned):
    from tests.factories.projects import make_project

    other = make_project("Other", "Others")
    stranger = person(other, "admin")
    for address in (
        reverse("admin:tracker_repository_project", args=[shop.pk]),
        reverse("admin:tracker_repository_one", args=[shop.pk, cloned.row.pk]),
        reverse("admin:tracker_repository_one", args=[other.pk, cloned.row.pk]),
    ):
        assert stranger.get(address).status_code == 404
        assert stranger.post(address, {"action": "delete"}).status_code == 404
    assert Repository.objects.filter(pk=cloned.row.pk).exists()


def test_the_tester_says_which_file_a_path_is(shop: Project, cloned: Cloned):
    address = reverse("admin:tracker_repository_one", args=[shop.pk, cloned.row.pk])
    admin = person(shop, "admin")
    pasted = (
        'File "/srv/app/shop/pricing.py", line 12, in total\n'
        "lib/kassa/pricing.py\n/nowhere/else.py\n"
    )
    form = {"action": "try", "url": cloned.row.url, "pasted": pasted}
    page = admin.post(address, {**form, "mappings": "lib/kassa/ => shop/"}).content.decode()
    assert "the only file that ends like it" in page and "by lib/kassa/ =&gt; shop/" in page
    assert f"/blob/{cloned.row.head}/shop/pricing.py#L12" in page and "no file" in page
    cloned.row.refresh_from_db()
    assert cloned.row.mappings == "", "trying saves nothing"
    viewer = person(shop, "viewer").post(address, {**form, "mappings": "lib/kassa/ => shop/"})
    assert "by lib/kassa" not in viewer.content.decode(), "a viewer tries what is saved"
