"""A worker outlives the loss of its connection to the queue, whatever it had not acknowledged yet."""

from typing import Any

from kombu.transport import redis as transport


class Unacknowledged(transport.QoS):
    """What the queue has delivered and the worker has not acknowledged."""

    def restore_unacked(self, client: Any = None) -> Any:
        """Gives it back, unless the connection is gone: the queue delivers it again itself after CELERY_VISIBILITY_S.

        kombu 5.7 would look for the settings of the lost connection, and its AttributeError ends the worker.
        """
        if self.channel.connection.client is None:
            self._delivered.clear()
            return None
        return super().restore_unacked(client)


def install() -> None:
    """For every connection that is made from now on."""
    transport.Channel.QoS = Unacknowledged
