"""HTTP: threads."""

from ninja import Router

router = Router(tags=["threads"])
