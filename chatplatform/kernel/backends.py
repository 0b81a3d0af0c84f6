"""From a setting's name to the one instance of it in this process.

`settings.BACKENDS` maps a role to a dotted path. Services ask for the role and never import
an implementation, so embedded and full differ in settings alone.
"""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from chatplatform.kernel import metrics

_instances: dict[str, Any] = {}


def backend(role: str) -> Any:
    """The instance for `role`, made on first use with no arguments."""
    if role not in _instances:
        _instances[role] = metrics.timed(role, import_string(settings.BACKENDS[role])())
    return _instances[role]


def made() -> dict[str, Any]:
    """From each role of which there is an instance to it."""
    return dict(_instances)


def reset() -> None:
    """Forget every instance. For tests, and for a server that starts anew in the same process."""
    _instances.clear()
