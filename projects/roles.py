"""What each role may do: one table. Nothing else in the product decides by the name of a role."""

from enum import StrEnum

from projects.models import Role


class Permission(StrEnum):
    READ = "read"
    WRITE = "write"  # send, ask models, start threads and branches, set line-ups, choose answers
    MANAGE_THREADS = "manage_threads"  # rename and archive what others started
    MANAGE_PEOPLE = "manage_people"  # invite, change roles, remove, read the audit log
    MANAGE_MODELS = "manage_models"  # which models the project offers
    MANAGE_PROJECT = "manage_project"  # name, description, archive
    HAND_ON = "hand_on"  # make somebody else the owner, delete the project


_READS = frozenset({Permission.READ})
_WRITES = _READS | {Permission.WRITE}
_MANAGES = _WRITES | {
    Permission.MANAGE_THREADS,
    Permission.MANAGE_PEOPLE,
    Permission.MANAGE_MODELS,
    Permission.MANAGE_PROJECT,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _MANAGES | {Permission.HAND_ON},
    Role.ADMIN: _MANAGES,
    Role.MEMBER: _WRITES,
    Role.VIEWER: _READS,
}

# The roles that somebody with MANAGE_PEOPLE may change, remove and give. An owner is made by handing on alone,
# so a project has exactly one.
GIVEN_ROLES = (Role.ADMIN, Role.MEMBER, Role.VIEWER)

# An archived project is read; it can be managed, so that it can be brought back.
STOPPED_BY_ARCHIVE = frozenset({Permission.WRITE, Permission.MANAGE_THREADS, Permission.MANAGE_MODELS})

RANK = {Role.VIEWER: 0, Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}


def may(role: Role | str, permission: Permission) -> bool:
    return permission in ROLE_PERMISSIONS[Role(role)]
