"""What the live side does when people or projects change: the receivers of the areas' signals."""


def connect() -> None:
    """Attach the receivers. Called once, when the app is ready."""
