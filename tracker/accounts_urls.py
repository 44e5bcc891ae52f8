"""Addresses of logging in. allauth's own for e-mail and passwords are left out: addresses are the
owner's to change (alerts and identity providers trust them), passwords change in the admin.
"""

from allauth.account import views
from django.urls import include, path
from django.views.generic import RedirectView

from tracker.accounts import Login
from tracker.joining import invitation_view
from tracker.sign_on import callback

urlpatterns = [
    path("login/", Login.as_view(), name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("signup/", views.signup, name="account_signup"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("", RedirectView.as_view(pattern_name="mfa_index"), name="account_email"),
    path("invitation/<str:secret>/", invitation_view, name="account_invitation"),
    path("factors/", include("allauth.mfa.urls")),
    path("providers/", include("allauth.socialaccount.urls")),
    path("oidc/<str:provider_id>/login/callback/", callback),  # the first that matches
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
]
