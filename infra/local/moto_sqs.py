"""moto's server, whose queues stay quick when they are long: `python -m infra.local.moto_sqs`.

moto 5 counts all that is in a queue for each message that it takes, and three times for each that
it hands out, and asks the clock anew for each one counted. Where 600 wait, ten take 400 ms to hand
out, in which nothing can be put. What is put while another message is deleted it may forget. It
keeps six objects of each message that has been: after fifty thousand, Python's full search for
garbage takes 300 ms, in which nothing is answered.
"""

import gc
import sys

from moto.core.utils import unix_time, unix_time_millis
from moto.server import main
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend


def _to_be_had(queue: Queue) -> list[Message]:
    now = unix_time_millis()
    return [each for each in queue._messages if each.delayed_until <= now and each.visible_at < now]


def _delayed(queue: Queue) -> int:
    now = unix_time_millis()
    return sum(each.delayed_until > now for each in queue._messages)


def _not_visible(queue: Queue) -> int:
    now = unix_time_millis()
    return sum(each.visible_at >= now for each in queue._messages)


def _is_retained(backend: SQSBackend, queue_name: str, message: Message) -> bool:
    seconds: int = vars(backend.get_queue(queue_name))["message_retention_period"]
    sent_ms: int = vars(message)["sent_timestamp"]
    return sent_ms / 1000 + seconds > unix_time()


def _delete(queue: Queue, receipt_handle: str) -> None:
    if receipt_handle in queue.deleted_messages:
        return
    with queue._messages_lock:
        for message in queue._messages:
            if message.had_receipt_handle(receipt_handle):
                queue._messages = [each for each in queue._messages if each is not message]
                queue.pending_messages.discard(message)
                queue.deleted_messages.update(message.all_receipt_handles)  # type: ignore[arg-type]
                return
    raise ReceiptHandleIsInvalid


if __name__ == "__main__":
    gc.set_threshold(700, 10, 1_000_000)  # no full search
    for name, counted in {
        "messages": _to_be_had,
        "approximate_number_of_messages_delayed": _delayed,
        "approximate_number_of_messages_not_visible": _not_visible,
    }.items():
        setattr(Queue, name, property(counted))
    Queue.delete_message = _delete  # type: ignore[assignment,method-assign]
    SQSBackend.is_message_valid_based_on_retention_period = _is_retained  # type: ignore[assignment,method-assign]
    main(sys.argv[1:])
