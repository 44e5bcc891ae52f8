"""Django's admin classes with their type parameters, which they lack at run time."""

from typing import TYPE_CHECKING, Generic, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import AbstractUser
from django.db.models import Model

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)
U = TypeVar("U", bound=AbstractUser)

if TYPE_CHECKING:

    class StockAdmin(admin.ModelAdmin[M], Generic[M]):
        """ModelAdmin of a model."""

    class StockInline(admin.TabularInline[M, P], Generic[M, P]):
        """TabularInline of a model below a parent."""

    class StockUserAdmin(UserAdmin[U], Generic[U]):
        """UserAdmin of a user model."""

    class StockForm(forms.ModelForm[M], Generic[M]):
        """ModelForm of a model."""

else:

    class StockAdmin(admin.ModelAdmin, Generic[M]):
        """ModelAdmin of a model."""

    class StockInline(admin.TabularInline, Generic[M, P]):
        """TabularInline of a model below a parent."""

    class StockUserAdmin(UserAdmin, Generic[U]):
        """UserAdmin of a user model."""

    class StockForm(forms.ModelForm):
        """ModelForm of a model."""

        def __class_getitem__(cls, _model: object) -> type:
            return cls
