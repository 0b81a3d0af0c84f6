"""Addresses: the API, sign-in, the admin site, health, and the page for everything else."""

from django.contrib import admin
from django.urls import include, path, re_path

from chatplatform import pages, vitals
from chatplatform.api import api

urlpatterns = [
    path("api/", api.urls),
    path("_allauth/", include("projects.urls")),
    path("admin/", admin.site.urls),
    path("livez", vitals.livez),
    path("readyz", vitals.readyz),
    path("metrics", vitals.metrics_page),
    re_path(r"^(?!api/|static/|_allauth/|admin/|ws).*$", pages.index),
]

handler400 = pages.bad_request
handler404 = pages.not_found
handler500 = pages.broken
