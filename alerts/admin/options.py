"""Forms of what has a kind with options of its own: channels, connections to trackers."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from alerts.admin.base import kept, optional
from alerts.transports.base import Misconfigured, Option

PREFIX = "option_"


class OptionsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Options of a kind as fields; a secret is never shown, an empty field keeps it."""

    plugin: ClassVar[Any]
    """A transport or a tracker: `options`, and `complete`, which raises Misconfigured."""
    kind: ClassVar[str]
    kept: ClassVar[tuple[str, ...]] = ()
    """Fields that may be left out."""
    made: dict[str, str]
    """Secrets that were made for the row, to be shown once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.made = {}
        optional(self, self.kept)
        known = self.instance.known_secrets()
        for option in self.plugin.options:
            field = self.fields[PREFIX + option.name]
            if option.secret and option.name in known:
                field.required = False
                field.widget.attrs["placeholder"] = "kept; type to replace it"
            elif not option.secret:
                field.initial = self.instance.config.get(option.name, "")

    def clean(self) -> dict[str, Any]:
        """Ask the plug-in whether the configuration can work."""
        cleaned = super().clean() or self.cleaned_data
        kept(self, cleaned, self.kept)
        options = self.plugin.options
        given = {o.name: str(cleaned.get(PREFIX + o.name) or "").strip() for o in options}
        secret = {option.name for option in options if option.secret}
        config = {name: value for name, value in given.items() if name not in secret and value}
        typed = {name: value for name, value in given.items() if name in secret and value}
        try:
            known = self.instance.known_secrets()
            self.made = self.plugin.complete(config, {**known, **typed})
        except Misconfigured as error:
            raise forms.ValidationError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
        self.check(cleaned)
        self.instance.kind = self.kind
        self.instance.keep(config, {**typed, **self.made})
        return cleaned

    def check(self, cleaned: dict[str, Any]) -> None:
        """What else must be right; adds errors to the form."""

    @classmethod
    def of(cls, kind: str, plugin: Any) -> type[OptionsForm]:
        """The form of a kind."""
        fields = {PREFIX + option.name: _field(option) for option in plugin.options}
        return type(cls.__name__, (cls,), {**fields, "plugin": plugin, "kind": kind})


def _field(option: Option) -> forms.Field:
    common: dict[str, Any] = {
        "label": option.label, "help_text": option.help, "required": option.required,
    }  # fmt: skip
    if option.secret:
        widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
        return forms.CharField(widget=widget, max_length=2_000, **common)
    if option.kind == "emails":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=5_000, **common)
    return forms.CharField(max_length=2_000, widget=forms.TextInput(attrs={"size": 60}), **common)
