"""Wiring on top (settings, urls, asgi, commands) and the kernel at the bottom."""
