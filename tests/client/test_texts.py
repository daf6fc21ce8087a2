"""No text of a caller costs a message or an outcome, and none hides the caller's own error."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from math import nan
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Secret, SecretBytes, SecretStr, TypeAdapter

from prompt_capture.client import texts
from prompt_capture.domain import long_texts, types

from .conftest import Connect
from .scripted_service import CLASSIFICATION, RECORDED, ScriptedService

LOG_ID = UUID(CLASSIFICATION["log_id"])
EMOJI = "\U0001f600"


class Odd(Exception):
    """An exception whose text raises what the test chooses."""

    def __init__(self, raised: Callable[[], Any]) -> None:
        self._raised = raised

    def __str__(self) -> str:
        result: str = self._raised()
        return result


def raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> None:
        raise error

    return fail


class LateText:
    """A text that is looked up when it is used, such as Django's translations."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __iter__(self) -> Iterator[str]:
        return iter(self._text)


class Fatal(BaseException):
    """No subclass of `Exception`, like a panic of a Rust extension."""


class OddGroup(ExceptionGroup[Exception]):
    """A group whose class hides its exceptions."""

    @property
    def exceptions(self) -> Any:
        raise RuntimeError("no exceptions")


class NamelessType(type):
    """A metaclass that hides the names of its classes."""

    @property
    def __name__(cls) -> Any:  # type: ignore[override]
        raise RuntimeError("no name")


class Nameless(Exception, metaclass=NamelessType):
    pass


class Classless(Exception):
    """An exception that raises an error where it is asked for its class, as by `isinstance`."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise RuntimeError("no class")


class Incomparable:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("cannot be compared")

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "7"


ERRORS = [
    (Nameless("x"), "Nameless: x"),
    (Classless("x"), "Classless: x"),
    (SystemExit(Incomparable()), "SystemExit: 7"),
    (TimeoutError(), "TimeoutError"),
    (ValueError(""), "ValueError"),
    (ValueError(" \n"), "ValueError"),
    (ValueError("\0"), "ValueError"),
    (ValueError("bad \ud83d"), "ValueError: bad \ufffd"),
    (ValueError("\ud83d\ude00 \ude00\ud83d"), f"ValueError: {EMOJI} \ufffd\ufffd"),
    (ValueError("a\0b"), "ValueError: ab"),
    (ValueError(EMOJI * 8_000), "ValueError: " + EMOJI * 7_976 + " [shortened]"),
    (ValueError("\x01" * 9_000), "ValueError: " + "\x01" * 7_976 + " [shortened]"),
    (KeyError("calendar"), "KeyError: 'calendar'"),
    (
        ExceptionGroup("two", [ValueError("a"), OSError()]),
        "ExceptionGroup: two (2 sub-exceptions): ValueError: a; OSError",
    ),
    (
        ExceptionGroup("g", [ExceptionGroup("h", [KeyError("k")]), Odd(raising(Fatal()))]),
        "ExceptionGroup: g (2 sub-exceptions): KeyError: 'k'; Odd",
    ),
    (
        ExceptionGroup("many", [ValueError(number) for number in range(30)]),
        "ExceptionGroup: many (30 sub-exceptions): "
        + "; ".join(f"ValueError: {number}" for number in range(20)),
    ),
    (OddGroup("g", [KeyError("k")]), "OddGroup: g (1 sub-exception): KeyError: 'k'"),
    (Odd(raising(RuntimeError("no text"))), "Odd"),
    (Odd(raising(Fatal())), "Odd"),
    (Odd(raising(SystemExit(3))), "Odd"),
    (Odd(raising(RecursionError())), "Odd"),
    (Odd(lambda: None), "Odd"),
    (Odd(lambda: b"bytes"), "Odd"),
    (KeyboardInterrupt(), "KeyboardInterrupt"),
    (SystemExit(2), "SystemExit: 2"),
    (Fatal("stop"), "Fatal: stop"),
    (StopIteration("stop"), "StopIteration: stop"),
    (StopAsyncIteration(), "StopAsyncIteration"),
    (GeneratorExit(), "Cancelled."),
    (asyncio.CancelledError(), "Cancelled."),
]


@pytest.mark.parametrize(("error", "text"), ERRORS, ids=[text[:30] for _, text in ERRORS])
async def test_a_block_raises_its_own_error_and_its_outcome_is_recorded(
    connect: Connect, scripted: ScriptedService, error: BaseException, text: str
) -> None:
    raised: BaseException | None = None
    try:
        async with connect().workflow(LOG_ID, "create_task"):
            raise error
    except BaseException as caught:  # noqa: BLE001 - it is compared below
        raised = caught

    assert raised is error
    assert (error.__cause__, error.__context__) == (None, None)
    assert scripted.bodies == [
        {
            "log_id": str(LOG_ID),
            "was_successful": False,
            "workflow_type": "create_task",
            "execution_error": text,
        }
    ]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (None, None),
        ("", None),
        (" \t", None),
        ("\0", None),
        (str(TimeoutError()), None),
        (TimeoutError(), "TimeoutError"),
        (Odd(raising(Fatal())), "Odd"),
        ("x" * 8_000, "x" * 8_000),
        ("x" * 8_001, "x" * 7_988 + " [shortened]"),
        ("half \ude00", "half \ufffd"),
        (17, "17"),
        (date(2026, 11, 28), "2026-11-28"),
        ("übel".encode(), "übel"),
        (b"half \xc3", "half \ufffd"),
        (nan, None),
        (Decimal("nan"), None),
    ],
)
async def test_the_error_of_an_outcome_can_be_anything(
    connect: Connect, scripted: ScriptedService, error: Any, text: str | None
) -> None:
    scripted.script = [RECORDED]
    client = connect()

    assert await client.record_outcome(LOG_ID, False, "t", error) == "recorded"
    async with client.workflow(LOG_ID, "t") as run:
        run.fail(error)

    expected = {"log_id": str(LOG_ID), "was_successful": False, "workflow_type": "t"}
    assert scripted.bodies == [expected | ({"execution_error": text} if text else {})] * 2


class Name(StrEnum):
    GREET = "greet"


class OldName(str, Enum):  # noqa: UP042 - its `str` is not its value
    GREET = "greet"


class PlainName(Enum):
    GREET = "greet"


class NAType:
    """Like the type of `pandas.NA`: a comparison with its value has no truth value."""

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    def __str__(self) -> str:
        return "<NA>"


MISSING = [None, nan, np.float32(nan), Decimal("nan"), NAType()]


@pytest.mark.parametrize("consent", MISSING)
async def test_a_message_whose_consent_is_missing_is_not_captured(
    connect: Connect, scripted: ScriptedService, consent: Any
) -> None:

    await connect().classify("hi", capture=consent)

    assert scripted.bodies == [{"message": "hi", "capture": False}]


class OtherUuid:
    """An id of another library, such as uuid_utils, which is no `uuid.UUID`."""

    def __str__(self) -> str:
        return str(LOG_ID)


@pytest.mark.parametrize(
    ("workflow_type", "sent"),
    [
        (Name.GREET, "greet"),
        (OldName.GREET, "greet"),
        (PlainName.GREET, "greet"),
        (b"greet", "greet"),
        (nan, "unnamed"),
        (NAType(), "unnamed"),
        ("", "unnamed"),
        (None, "unnamed"),
        ("\0", "unnamed"),
        ("greet \ud83d", "greet \ufffd"),
        ("x" * 101, "x" * 88 + " [shortened]"),
    ],
)
async def test_an_outcome_needs_no_valid_name_of_the_workflow(
    connect: Connect, scripted: ScriptedService, workflow_type: Any, sent: str
) -> None:
    scripted.script = [RECORDED]

    assert await connect().record_outcome(LOG_ID, True, workflow_type) == "recorded"

    assert scripted.bodies[0]["workflow_type"] == sent


async def test_the_texts_of_a_correction_are_cleaned(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [RECORDED]
    client = connect()

    await client.correct(LOG_ID, "reminder", reviewer="ann\0", notes="")
    await client.correct(LOG_ID, "reminder", reviewer="", notes="\ud83d" * 3_000)

    assert scripted.bodies == [
        {"log_id": str(LOG_ID), "corrected_intent": "reminder", "reviewer": "ann"},
        {
            "log_id": str(LOG_ID),
            "corrected_intent": "reminder",
            "notes": "\ufffd" * 1_988 + " [shortened]",
        },
    ]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (["email", "status"], ["email", "status"]),
        (("email\0",), ["email"]),
        (("\ud83d",), ["\ufffd"]),
        ([PlainName.GREET, None, nan], ["greet"]),
        ([], []),
        ("email", "email"),
    ],
)
async def test_secondary_intents_are_sent_as_a_list(
    connect: Connect, scripted: ScriptedService, given: Any, sent: object
) -> None:
    scripted.script = [RECORDED]

    await connect().correct(LOG_ID, "reminder", corrected_secondary_intents=given)

    assert scripted.bodies == [
        {
            "log_id": str(LOG_ID),
            "corrected_intent": "reminder",
            "corrected_secondary_intents": sent,
        }
    ]


@pytest.mark.parametrize("given", [[None], (nan, None), {None}])
async def test_secondary_intents_that_are_all_missing_do_not_say_that_there_are_none(
    connect: Connect, scripted: ScriptedService, given: Any
) -> None:
    scripted.script = [RECORDED]

    await connect().correct(LOG_ID, "reminder", corrected_secondary_intents=given)

    assert scripted.bodies == [{"log_id": str(LOG_ID), "corrected_intent": "reminder"}]


async def test_the_texts_of_a_message_are_cleaned(
    connect: Connect, scripted: ScriptedService
) -> None:
    client = connect()

    await client.classify("nice\0 \ud83d", user_id="u", conversation_id="")
    await client.classify("hm", user_id="u", conversation_id=17, idempotency_key=UUID(int=1))
    await client.classify(EMOJI * 30_000, user_id="u")

    first, second, third = scripted.bodies
    assert first == {"message": "nice \ufffd", "user_id": "u"}
    assert second == {"message": "hm", "user_id": "u", "conversation_id": "17"}
    assert scripted.requests[1].headers["idempotency-key"] == str(UUID(int=1))
    assert third["message"] == EMOJI * 20_000


async def test_a_message_is_cut_between_words(connect: Connect, scripted: ScriptedService) -> None:
    """The service would not find half an address, and so not redact it."""
    text = "a " * 9_990

    await connect().classify(f"{text}mail bob.smith@example.com and thanks", user_id="u")
    await connect().classify(f"{text}{'mail '.rjust(20)}", user_id="u")

    assert [body["message"] for body in scripted.bodies] == [
        f"{text}mail",
        f"{text}{'mail '.rjust(20)}",
    ]


@pytest.mark.parametrize(
    ("before", "half", "rest"),
    [
        ("你好我的电话是", "13800138", "000请回电"),
        ('{"a":1,', '"mail":"bob.smith@exa', 'mple.com","b":2}'),
        ("a;b;", "bob.smith@exa", "mple.com;c"),
    ],
)
def test_a_text_without_spaces_is_cut_before_half_an_address(
    before: str, half: str, rest: str
) -> None:
    end = before + half
    text = "x" * (texts.MAX_SENT_MESSAGE_LENGTH - len(end)) + end
    kept = text.removesuffix(half)

    assert texts.clean_message(text + rest) == kept


def test_a_name_without_spaces_is_cut_at_its_end() -> None:
    assert texts.clean_workflow_type("处理" * 60) == "处理" * 44 + texts.SHORTENED


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (1042.0, "1042"),
        (Decimal("1042.0"), "1042"),
        (1e16, "10000000000000000"),
        (1042.5, "1042.5"),
        ("1042.0", "1042.0"),
        ("007", "007"),
    ],
)
async def test_an_id_that_a_table_made_a_fraction_stays_the_same(
    connect: Connect, scripted: ScriptedService, given: Any, sent: str
) -> None:
    await connect().classify("hm", user_id="u", conversation_id=given, idempotency_key=given)

    assert scripted.bodies[0]["conversation_id"] == sent
    assert scripted.requests[0].headers["idempotency-key"] == sent


@pytest.mark.parametrize("given", [float("inf"), Decimal("Infinity"), Decimal("sNaN")])
async def test_a_conversation_id_that_is_no_number_costs_no_message(
    connect: Connect, scripted: ScriptedService, given: Any
) -> None:
    await connect().classify("hm", user_id="u", conversation_id=given)

    assert scripted.bodies[0]["message"] == "hm"


async def test_long_conversation_ids_stay_different(
    connect: Connect, scripted: ScriptedService
) -> None:
    client = connect()
    for conversation_id in ("c" * 200, "c" * 201, "c" * 201, "c" * 202):
        await client.classify("hm", user_id="u", conversation_id=conversation_id)

    complete, first, repeated, other = (body["conversation_id"] for body in scripted.bodies)
    assert complete == "c" * 200
    assert first == repeated
    assert len({complete, first, other}) == 3
    assert {len(complete), len(first), len(other)} == {200}


@pytest.mark.parametrize("key", ["message 17", "nachricht-ü", "k" * 201, "half \ud83d", "a\r\nb"])
async def test_a_key_that_no_header_can_hold_still_identifies_its_message(
    connect: Connect, scripted: ScriptedService, key: str
) -> None:
    client = connect()
    for each in (key, key, f"{key}!"):
        assert (await client.classify("hm", user_id="u", idempotency_key=each)).log_id

    first, repeated, other = (request.headers["idempotency-key"] for request in scripted.requests)
    assert first == repeated != other


@pytest.mark.parametrize("key", [None, "", " \t", "\0"])
async def test_a_blank_key_is_none_so_messages_stay_different(
    connect: Connect, scripted: ScriptedService, key: Any
) -> None:
    client = connect()
    for _ in range(2):
        await client.classify("hm", user_id="u", idempotency_key=key)

    assert len({request.headers["idempotency-key"] for request in scripted.requests}) == 2


async def test_a_key_of_zero_is_a_key(connect: Connect, scripted: ScriptedService) -> None:
    await connect().classify("hm", user_id="u", idempotency_key=0)

    assert scripted.requests[0].headers["idempotency-key"] == "0"


@pytest.mark.parametrize(
    "value", [False, 0, 0.0, np.bool_(False), np.int64(0), np.float64(0)], ids=repr
)
async def test_numbers_and_truth_values_of_databases_and_numpy_are_sent(
    connect: Connect, scripted: ScriptedService, value: Any
) -> None:
    client = connect()
    await client.classify("hm", user_id="u", message_index=np.int64(3), capture=value)
    scripted.script = [RECORDED]
    assert await client.record_outcome(LOG_ID, value, "t") == "recorded"

    message, outcome = scripted.bodies
    assert (message["message_index"], message["capture"]) == (3, False)
    assert [type(message["capture"]), type(outcome["was_successful"])] == [bool, bool]
    assert outcome["was_successful"] is False


@pytest.mark.parametrize("value", [Decimal(3), Decimal("3.0"), Fraction(3), np.float32(3), "3"])
async def test_the_numbers_of_databases_cost_no_message(
    connect: Connect, scripted: ScriptedService, value: Any
) -> None:
    assert (await connect().classify("hm", user_id="u", message_index=value)).log_id

    assert int(scripted.bodies[0]["message_index"]) == 3


async def test_a_decimal_can_be_a_truth_value(connect: Connect, scripted: ScriptedService) -> None:
    scripted.script = [RECORDED]

    assert await connect().record_outcome(LOG_ID, Decimal(0), "t") == "recorded"

    assert scripted.bodies[0]["was_successful"] is False


@pytest.mark.parametrize("value", MISSING, ids=lambda value: type(value).__name__)
async def test_a_missing_value_of_a_table_counts_as_none(
    connect: Connect, scripted: ScriptedService, value: Any
) -> None:
    client = connect()
    await client.classify(
        "hm", user_id="u", conversation_id=value, message_index=value, idempotency_key=value
    )
    await client.correct(
        LOG_ID, "reminder", reviewer=value, notes=value, corrected_secondary_intents=value
    )

    assert scripted.bodies == [
        {"message": "hm", "user_id": "u"},
        {"log_id": str(LOG_ID), "corrected_intent": "reminder"},
    ]
    assert len(scripted.requests[0].headers["idempotency-key"]) == len(str(LOG_ID))


INVISIBLE = [" ", "\n", "\u00a0", "\u2009", "\u200b", "\u200d", "\u2060", "\u200e", "\ufeff", "\0"]


@pytest.mark.parametrize("space", INVISIBLE, ids=ascii)
async def test_what_nobody_sees_around_an_id_costs_nothing(
    connect: Connect, scripted: ScriptedService, space: str
) -> None:
    copied, client = f"{space}{LOG_ID}{space}", connect()
    await client.classify("hm", user_id=copied)
    scripted.script = [RECORDED]
    assert await client.record_outcome(copied, True, "t") == "recorded"
    assert await client.correct(copied, "reminder", reviewer="r") == "recorded"

    message, outcome, correction = scripted.bodies
    assert message["user_id"] == outcome["log_id"] == correction["log_id"] == str(LOG_ID)


@pytest.mark.parametrize(
    "log_id", [*MISSING, "", " ", "\ufeff", "\u200b\n"], ids=lambda value: type(value).__name__
)
async def test_a_missing_log_id_is_skipped(
    connect: Connect, scripted: ScriptedService, log_id: Any
) -> None:
    client = connect()
    async with client.workflow(log_id, "t"):
        pass

    assert await client.record_outcome(log_id, True, "t") == "skipped"
    assert await client.correct(log_id, "reminder", reviewer="r") == "skipped"
    assert scripted.bodies == []


async def test_ids_of_other_classes_and_bytes_of_queues_are_sent(
    connect: Connect, scripted: ScriptedService
) -> None:
    client = connect()
    await client.classify("größer".encode(), user_id=OtherUuid())
    scripted.script = [RECORDED]
    view = memoryview("größer".encode())
    assert await client.record_outcome(OtherUuid(), True, "t", view) == "recorded"
    assert await client.correct(OtherUuid(), PlainName.GREET, reviewer="r") == "recorded"

    message, outcome, correction = scripted.bodies
    assert message == {"message": "größer", "user_id": str(LOG_ID)}
    assert outcome["log_id"] == correction["log_id"] == str(LOG_ID)
    assert outcome["execution_error"] == "größer"
    assert correction["corrected_intent"] == "greet"


async def test_a_text_that_is_made_late_is_sent(
    connect: Connect, scripted: ScriptedService
) -> None:
    client = connect()
    await client.classify(LateText("größer"), user_id=LOG_ID)
    scripted.script = [RECORDED]
    secondary: Any = [LateText("remind"), "help"]
    await client.correct(
        LOG_ID,
        LateText("greet"),
        corrected_secondary_intents=secondary,
        reviewer="r",
    )

    message, correction = scripted.bodies
    assert message["message"] == "größer"
    assert correction["corrected_intent"] == "greet"
    assert correction["corrected_secondary_intents"] == ["remind", "help"]


@pytest.mark.parametrize(
    "secret", [SecretStr("größer"), SecretBytes("größer".encode()), Secret[str]("größer")]
)
async def test_the_value_of_a_secret_is_sent_and_not_its_mask(
    connect: Connect, scripted: ScriptedService, secret: Any
) -> None:
    """Masks are all alike: they would make one user, one conversation and one message of many."""
    client = connect()
    await client.classify(secret, user_id=SecretStr(str(LOG_ID)), conversation_id=secret)
    await client.classify("hi", token=SecretStr("abc.def.ghi"))
    scripted.script = [RECORDED]
    await client.record_outcome(LOG_ID, False, "t", secret)

    message, _, outcome = scripted.bodies
    expected = {"message": "größer", "user_id": str(LOG_ID), "conversation_id": "größer"}
    assert message == expected
    assert outcome["execution_error"] == "größer"
    assert texts.clean_idempotency_key(SecretStr("one")) == "one"
    assert texts.clean_intents([SecretStr("greet")]) == ["greet"]


@pytest.mark.parametrize("key", ["None", "undefined", "null", "nan", "NaT", "<NA>", "nil", "<nil>"])
def test_an_idempotency_key_that_names_a_missing_value_is_none(key: str) -> None:
    assert texts.clean_idempotency_key(key) is None


class ChatMessage(BaseModel):
    """A message of a framework such as LangChain, whose `str` describes all its fields."""

    content: str


@pytest.mark.parametrize("message", [ChatMessage(content="hi"), np.array(["hi", "there"])])
async def test_a_model_or_an_array_in_place_of_a_message_is_refused(
    connect: Connect, scripted: ScriptedService, message: Any
) -> None:

    answer = await connect().classify(message, user_id=LOG_ID)

    assert answer.error_code == "TypeError"
    assert scripted.bodies == []


@pytest.mark.parametrize("value", ["yes", 2, 0.5])
async def test_what_is_no_truth_value_is_left_to_the_service(
    connect: Connect, scripted: ScriptedService, value: Any
) -> None:
    scripted.script = [RECORDED]
    await connect().record_outcome(LOG_ID, value, "t")

    assert scripted.bodies[0]["was_successful"] == value


def test_the_limits_are_those_of_the_service() -> None:
    def limit(field: Any) -> int:
        length: int = TypeAdapter(field).json_schema()["maxLength"]
        return length

    assert limit(types.ErrorText) == texts.MAX_ERROR_LENGTH
    assert limit(types.Note) == texts.MAX_NOTE_LENGTH
    assert limit(types.Label) == texts.MAX_NAME_LENGTH
    assert limit(types.Identifier) == texts.MAX_IDENTIFIER_LENGTH
    assert texts.MAX_SENT_MESSAGE_LENGTH >= 2 * types.MAX_MESSAGE_LENGTH
    assert texts.SHORTENED == long_texts.SHORTENED


def test_a_text_is_shortened_at_the_end_of_a_word() -> None:
    """Half an address is not recognised as one, so the service would not redact it."""
    text = "x" * 70 + " ask ada.lovelace@example.com about it"

    assert texts.clean_text(text, 100) == "x" * 70 + " ask [shortened]"


@pytest.mark.parametrize(
    "start",
    [
        "https://example.com/?" + "&".join(f"mail{n}=ann@example.com" for n in range(7)) + "&to=",
        "<p>" * 50 + "<a>mailto:",
        "x" * 120 + "(",
    ],
)
def test_half_an_address_between_signs_is_not_sent(start: str) -> None:
    text = f"{start}ada.lovelace@example.com" + "/more" * 40

    sent = texts.clean_text(text, len(start) + len("ada.lovelace@exa") + len(" [shortened]"))

    assert sent == f"{start} [shortened]"


@given(st.text(st.characters(), max_size=60), st.integers(20, 50))
def test_a_cleaned_text_can_be_stored(text: str, max_length: int) -> None:
    cleaned = texts.clean_text(text, max_length)

    if cleaned is None:
        assert not text.replace("\0", "").strip()
    else:
        assert 1 <= len(cleaned) <= max_length
        assert "\0" not in cleaned
        assert cleaned.encode()
