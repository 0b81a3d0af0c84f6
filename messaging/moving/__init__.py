"""All messages from one store into another, while Parley runs or while it stands: `manage.py move_messages`."""
