"""Addresses that messages link to."""

from django.urls import path

from alerts import confirming, views

urlpatterns = [
    path("alerts/tickets/<uuid:uid>/", views.ticket_call, name="alerts-ticket-call"),
    path("alerts/unsubscribe/<str:token>/", views.unsubscribe, name="alerts-unsubscribe"),
    path("alerts/act/<str:token>/", confirming.act, name="alerts-act"),
]
