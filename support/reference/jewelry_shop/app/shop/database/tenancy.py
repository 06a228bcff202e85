"""Transactions: on behalf of one shop under row security, or of the platform, which sees all shops."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Model, QuerySet
from rest_framework.exceptions import AuthenticationFailed

from shop.errors import Refusal
from shop.sabotage import sabotaged


@dataclass(frozen=True)
class Shop:
    """The shop that the present transaction is marked with."""

    id: UUID


@contextmanager
def shop_transaction(tenant_id: str | UUID) -> Iterator[Shop]:
    """One transaction marked with the shop; the marker ends with it and cannot leak through the pool."""
    with _returned("default"), transaction.atomic():
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT set_config('app.current_tenant', %s, true)", [str(tenant_id)])
        yield Shop(UUID(str(tenant_id)))


@contextmanager
def open_shop(user: Any) -> Iterator[Shop]:
    """`shop_transaction` for a customer's request: the shop comes from the token alone and must be active."""
    with shop_transaction(user.token["tenant_id"]) as shop:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT status FROM tenants WHERE id = %s", [shop.id])
            found = cursor.fetchone()
        if found is None:
            raise AuthenticationFailed("The shop of this sign-in does not exist any more.")
        if found[0] != "ACTIVE" and not sabotaged("ignore_suspension"):
            raise Refusal(403, {"error": "This shop cannot be used at present.", "tenant_status": found[0]})
        try:
            yield shop
        finally:
            if sabotaged("no_tenant_filter"):
                connections["platform"].close()


@contextmanager
def platform_transaction() -> Iterator[None]:
    """One transaction over the connection that row security does not bind."""
    with _returned("platform"), transaction.atomic(using="platform"):
        yield


def rows_of(model: type[Model], shop: Shop) -> QuerySet[Any]:
    """The shop's rows: the second guard beside row security, which would hide the others anyway."""
    if sabotaged("no_tenant_filter"):
        return model.objects.using("platform").all()
    return model.objects.filter(tenant_id=shop.id)


@contextmanager
def _returned(alias: str) -> Iterator[None]:
    # Django would keep the connection until the request has ended; a streamed answer would hold it for seconds.
    try:
        yield
    finally:
        connections[alias].close()
