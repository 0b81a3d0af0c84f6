"""What the live side may want to hear of models. Sent after the commit."""

from django.dispatch import Signal

models_changed = Signal()  # project_id (null: every project)
provider_stood = Signal()  # slug, state (health.State), for_s: how a provider does now, and how long that holds
