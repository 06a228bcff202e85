"""Which tables exist at all."""

# Django REST framework's tokens import the models of these two applications, but the shop has users of its own.
_LIBRARY_ONLY = {"auth", "contenttypes"}


class ShopRouter:
    """Everything lives in `default`; `platform` is a second way into the same tables."""

    def allow_migrate(self, db: str, app_label: str, **_hints: object) -> bool:
        """No tables for library models, no migrations over the platform's connection."""
        return db == "default" and app_label not in _LIBRARY_ONLY

    def allow_relation(self, *_objects: object, **_hints: object) -> bool:
        """A row read as platform may be linked to one read as shop: it is the same database."""
        return True
