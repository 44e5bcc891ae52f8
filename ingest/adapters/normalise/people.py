"""The user of an event: who, their key for counting, and as much address as may be kept."""

from typing import Any

from ingest.adapters.normalise import bags
from ingest.adapters.normalise.work import Work
from tracker.domain.scrub import user_key

_LIMITS = {"id": 256, "email": 256, "username": 256, "name": 256, "segment": 256}
_PLAIN = frozenset({*_LIMITS, "ip_address"})
_OURS = _PLAIN | {"geo", "data"}
_CLIENTS = frozenset({"javascript", "cocoa", "objc", "native", "java-android"})
_DATA_BYTES = 16 * 1024


def user(
    raw: Any, work: Work, *, client_ip: str, salt: bytes, infer_ip: bool
) -> tuple[dict[str, Any], bytes]:
    """The user as stored and their key; both empty when nobody is known."""
    place = (None, "user")
    if not isinstance(raw, dict):
        if isinstance(raw, str | int | float) and not isinstance(raw, bool):
            raw = {"id": raw}
        else:
            if raw:
                work.invalid(place, raw)
            raw = {}
    stored: dict[str, Any] = {}
    for key, limit in _LIMITS.items():
        if key in raw:
            text = work.text(raw[key], limit, (place, key)).strip()
            if text:
                stored[key] = text
    address = raw.get("ip_address")
    address = address.strip() if isinstance(address, str) else ""
    if address == "{{auto}}" or (not address and infer_ip):
        address = client_ip
    person = b""
    for identity in (
        stored.get("id"),
        stored.get("email"),
        stored.get("username"),
        address,
    ):
        if identity:
            person = user_key(salt, identity)
            break
    if address and (kept := work.address(address)):
        stored["ip_address"] = kept
    _others(raw, stored, work)
    return stored, person


def may_infer_ip(platform: str, sdk: dict[str, Any]) -> bool:
    """Whether the peer is the user: client platforms, unless their SDK says never."""
    settings = sdk.get("settings")
    choice = settings.get("infer_ip") if isinstance(settings, dict) else None
    return choice != "never" and (choice == "auto" or platform in _CLIENTS)


def _others(raw: dict[str, Any], stored: dict[str, Any], work: Work) -> None:
    """Geography, and other keys, which the protocol keeps under `data`."""
    if _PLAIN.issuperset(raw):
        return
    geo = raw.get("geo")
    if isinstance(geo, dict) and geo:
        geo = {
            key: work.text(value, 256, (((None, "user"), "geo"), key))
            for key, value in list(geo.items())[:20]
        }
        stored["geo"] = geo
    extra = {key: value for key, value in raw.items() if key not in _OURS and value is not None}
    if isinstance(raw.get("data"), dict):
        extra = {**raw["data"], **extra}
    if extra:
        place = ((None, "user"), "data")
        bags.clean(extra, 1024, place, work)
        bags.fit(extra, _DATA_BYTES, place, work)
        stored["data"] = extra
