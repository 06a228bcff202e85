"""Django looks for `DatabaseWrapper` in the module `base` of the engine's package."""

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper

from shop.request import present_request


class DatabaseWrapper(PostgresWrapper):
    """Remembers that COMMIT was sent: from then on a missing answer means `unknown`, before it `not_done`."""

    def _commit(self):
        if self.connection is not None:
            state = present_request()
            if state is not None:
                state.commit_sent = True
        return super()._commit()
