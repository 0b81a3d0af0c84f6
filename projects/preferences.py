"""What a person may set for themself: a closed set of names, each with its values. Nothing else is kept."""

from typing import Any

from chatplatform.kernel.errors import Invalid

Preference = bool | int | str

# Name to the values it may have; the first is the default. Appearance can also be set on one machine alone,
# which the page keeps to itself.
CHOICES: dict[str, tuple[Preference, ...]] = {
    "theme": ("system", "light", "dark"),
    "enter_sends": (True, False),
    "single_key_shortcuts": (True, False),
    "reduced_motion": (False, True),
}


def _is_allowed(name: str, value: object) -> bool:
    # 1 == True in Python, so the type counts too.
    return any(type(value) is type(choice) and value == choice for choice in CHOICES[name])


def read(stored: dict[str, Any]) -> dict[str, Preference]:
    """Every preference with its value; a stored one that is no longer allowed gives way to the default."""
    return {
        name: stored[name] if name in stored and _is_allowed(name, stored[name]) else choices[0]
        for name, choices in CHOICES.items()
    }


def merged(stored: dict[str, Any], changes: dict[str, Preference]) -> dict[str, Preference]:
    """What to store after these changes. Invalid for an unknown name or value."""
    for name, value in changes.items():
        if name not in CHOICES:
            raise Invalid(f"There is no preference {name[:40]!r}.", "unknown_preference", field=name[:40])
        if not _is_allowed(name, value):
            words = ", ".join(repr(c) for c in CHOICES[name])
            raise Invalid(f"{name} is one of {words}.", "unknown_preference", field=name)
    return {name: value for name, value in {**stored, **changes}.items() if name in CHOICES}
