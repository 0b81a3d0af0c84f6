"""People and the places they share: users, projects, memberships, roles, invites. Synchronous."""
