"""An epoch's number, on its way into the open transaction while the epoch's rows are written.

The number is an offset of the job's own group, which the transaction commits with the rows. It
costs two requests, one after the other, so it is sent when the transaction begins, and waited for
when nothing else is left to wait for.
"""

from __future__ import annotations

from collections.abc import Callable

from confluent_kafka import KafkaException

from tidemill.connectors.kafka.client import PendingCall


class EpochNumber:
    """Sends one number at a time; no other call of the transaction may be made meanwhile.

    Args:
        send: puts a number into the open transaction; of several, the last holds.
        within_s: how long it may take; seconds.
    """

    def __init__(self, send: Callable[[int], object], within_s: float) -> None:
        self._send = send
        self._within_s = within_s
        self._sent = 0
        self._call: PendingCall | None = None

    def send(self, epoch: int) -> None:
        """Begin to send; the transaction is open and has no number yet."""
        self._sent = epoch
        self._call = PendingCall(lambda: self._send(epoch))

    def arrived(self, epoch: int) -> bool:
        """Wait until the transaction has this number; False where the call for it hangs.

        Sends it where none was sent, or another was: the epochs between had no row for this group.
        Raises what the call raised.
        """
        if self._sent == epoch and self._call is None:
            return True
        if not self.settled():
            return False
        if self._sent != epoch:
            self.send(epoch)
            return self.settled()
        return True

    def settled(self, within_s: float | None = None) -> bool:
        """Wait until no call is under way; False where it hangs. Raises what the call raised."""
        call, self._call = self._call, None
        if call is None:
            return True
        sent, self._sent = self._sent, 0
        ended = call.ended(self._within_s if within_s is None else within_s)
        self._sent = sent if ended else 0
        return ended

    def given_up(self, within_s: float) -> bool:
        """The transaction ends without it: wait for the call, whether it fails or not.

        False where it is not back in time: then the client is its own, and must be left alone.
        """
        try:
            return self.settled(within_s)
        except KafkaException:
            return True
        finally:
            self.forget()

    def forget(self) -> None:
        """The transaction is over."""
        self._sent, self._call = 0, None
