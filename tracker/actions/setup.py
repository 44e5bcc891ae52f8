"""Make what a new instance or project needs: first admin, team, project and keys."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction
from django.utils.text import slugify
from msgspec import Struct

from tracker.models import Membership, Project, ProjectKey, Role, Team, User


class NewProject(Struct, frozen=True):
    """A project and its credentials; read and write tokens can't be shown again."""

    id: int
    slug: str
    public_key: str
    post_server: str
    post_client: str
    read: str
    write: str


class Bootstrapped(Struct, frozen=True):
    """What the first start made or found."""

    admin_created: bool
    password: str
    """The admin's password when it was created now, else ""."""
    project_id: int
    public_key: str


def free_slug(name: str) -> str:
    """A slug for a project that no other has."""
    base = slugify(name)[:80] or "project"
    slug, number = base, 1
    while Project.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


def create_team(name: str) -> Team:
    """Find a team by slug or name, or make it."""
    slug = slugify(name)[:100] or "team"
    return Team.objects.get_or_create(slug=slug, defaults={"name": name})[0]


def create_project(name: str, team: Team, *, unlimited: bool = False) -> NewProject:
    """Make a project with one key."""
    with transaction.atomic():
        project = Project.objects.create(
            name=name, slug=free_slug(name), team=team, unlimited=unlimited
        )
        return create_key(project)


def create_key(project: Project, label: str = "Default") -> NewProject:
    """Make a key with its Rollbar tokens."""
    key = ProjectKey.objects.create(project=project, label=label)
    read, write = new_api_tokens(key)
    return NewProject(
        id=project.pk,
        slug=project.slug,
        public_key=key.public_key,
        post_server=key.rollbar_post_server,
        post_client=key.rollbar_post_client,
        read=read,
        write=write,
    )


def new_api_tokens(key: ProjectKey) -> tuple[str, str]:
    """Give a key new Rollbar tokens to read and to write; the old ones are refused at once.

    Only their hashes are kept: they can't be shown again.
    """
    read, write = secrets.token_hex(16), secrets.token_hex(16)
    key.rollbar_read_hash = hashlib.sha256(read.encode()).digest()
    key.rollbar_write_hash = hashlib.sha256(write.encode()).digest()
    key.save(update_fields=["rollbar_read_hash", "rollbar_write_hash"])
    return read, write


def bootstrap(admin_password: str | None) -> Bootstrapped:
    """Make the first admin, team and project of an empty instance; idempotent.

    Without a password a random one is made. An existing admin's is left alone.
    """
    with transaction.atomic():
        password = ""
        admin = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        created = admin is None
        if admin is None:
            password = admin_password or secrets.token_urlsafe(12)
            admin = User.objects.create_superuser("admin", "admin@localhost", password)
        if not Project.objects.exists():
            team = create_team("Team")
            Membership.objects.get_or_create(team=team, user=admin, defaults={"role": Role.ADMIN})
            create_project("My first project", team)
        key = ProjectKey.objects.filter(enabled=True).order_by("project_id", "pk").first()
        return Bootstrapped(
            admin_created=created,
            password=password,
            project_id=key.project_id if key else 0,
            public_key=key.public_key if key else "",
        )
