"""Replace personal data and secrets in a text with placeholders of their entity types.

The same function runs in service, before a message is classified or stored, and in training, so
the model sees the same text in both. Only entities with a recognisable form are found. Names of
people and postal addresses have none, and stay.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

from prompt_capture.domain.entities.bank_accounts import find_bank_accounts
from prompt_capture.domain.entities.birth_dates import find_birth_dates
from prompt_capture.domain.entities.cards import find_cards, find_security_codes
from prompt_capture.domain.entities.context.finder import find_by_context
from prompt_capture.domain.entities.emails import find_emails
from prompt_capture.domain.entities.ip_addresses import find_ip_addresses
from prompt_capture.domain.entities.mac_addresses import find_mac_addresses
from prompt_capture.domain.entities.national_ids import find_national_ids
from prompt_capture.domain.entities.phones import find_phone_numbers
from prompt_capture.domain.entities.searched import MASK, Searched, merge
from prompt_capture.domain.entities.secrets.behind_names import find_named_secrets
from prompt_capture.domain.entities.secrets.columns import find_in_columns
from prompt_capture.domain.entities.secrets.commands import find_command_passwords
from prompt_capture.domain.entities.secrets.cookies import find_cookies
from prompt_capture.domain.entities.secrets.logins import find_logins
from prompt_capture.domain.entities.secrets.sent_codes import find_sent_codes
from prompt_capture.domain.entities.secrets.tokens import find_private_keys, find_tokens
from prompt_capture.domain.entities.urls import find_secret_urls
from prompt_capture.domain.entities.wallets import find_wallets
from prompt_capture.domain.entity_types import ENTITY_TYPES, EntityType
from prompt_capture.domain.patterns import lazy_pattern
from prompt_capture.domain.searchable_text import SearchableText, Span

PLACEHOLDERS: dict[EntityType, str] = {
    "url": "<URL>",
    "secret": "<SECRET>",
    "email": "<EMAIL>",
    "bank": "<BANK>",
    "card": "<CARD>",
    "national_id": "<ID>",
    "phone": "<PHONE>",
    "ip": "<IP>",
    "mac": "<MAC>",
    "birth_date": "<BIRTH_DATE>",
    "wallet": "<WALLET>",
}
PLACEHOLDER = lazy_pattern("|".join(PLACEHOLDERS.values()))

_Find = Callable[[Searched], Iterable[Span]]
_FINDERS: tuple[tuple[EntityType, _Find], ...] = (
    ("secret", find_private_keys),
    ("url", find_secret_urls),
    ("wallet", find_wallets),
    ("secret", find_tokens),
    ("secret", find_command_passwords),
    ("secret", find_cookies),
    ("secret", find_logins),
    ("secret", find_in_columns),
    ("secret", find_named_secrets),
    ("secret", find_sent_codes),
    ("email", find_emails),
    ("bank", find_bank_accounts),
    ("card", find_cards),
    ("secret", find_security_codes),
    ("mac", find_mac_addresses),
    ("ip", find_ip_addresses),
    ("birth_date", find_birth_dates),
    ("national_id", find_national_ids),
    ("phone", find_phone_numbers),
)
"""In search order. What one finder finds is hidden from the next ones."""

_Replacement = tuple[Span, str]
"""A part of the searched form, and the placeholder in its place."""

MAX_CROWD = 300
"""Entities and first words of their names that a text may have together. To search all of a text
that is more crowded takes longer than an answer may wait. Of 4,000 characters of prose, some 120 to
240 are such words, since "the" and "my" begin names, too."""
KEPT_ENTITIES = 8
"""How many of the first, and of the last entities of a crowded text have their own placeholder."""
_MAX_ROUNDS = 3
"""A text that reveals another entity in each of these rounds is made to deceive."""


def redact(text: str, entity_types: Collection[EntityType] = ENTITY_TYPES) -> str:
    """Replace entities of the given types with `<EMAIL>`, `<PHONE>` and similar placeholders.

    The function is idempotent: redacting the result changes nothing. It sees what readers of the
    normalised text see: normalising before or after gives the same text, once normalised. In a
    text that is crowded with entities, one placeholder stands for the middle. Of a text in which
    each entity hides another one, a placeholder remains.
    """
    searchable = SearchableText(text)
    searched = Searched(
        PLACEHOLDER.sub(lambda placeholder: MASK * len(placeholder[0]), searchable.searched),
        searchable.written,
    )
    replacements: list[_Replacement] = []
    searched_at: dict[Callable[..., object], int] = {}
    for _ in range(_MAX_ROUNDS):
        found: list[Span] = []
        is_cut = False
        for entity_type, spans in _find_entities(searched, entity_types, searched_at):
            searched.mask(spans)
            found += spans
            placeholder = PLACEHOLDERS[entity_type]
            replacements += [(searched.original(span), placeholder) for span in spans]
            if _is_crowded(searched, len(replacements)):
                replacements = _without_middle(replacements)
                middle, _ = replacements[KEPT_ENTITIES]
                searched.leave_out(middle)
                is_cut = True
        if not found:
            return searchable.replace(replacements) if replacements else text
        if not is_cut:  # which moves what was found
            searched.narrow(found)
    return replacements[-1][1]


def _is_crowded(searched: Searched, entities: int) -> bool:
    """Return whether a text has so many entities and names that a search in all of it is slow."""
    return entities > 2 * KEPT_ENTITIES and entities + searched.name_count > MAX_CROWD


def _without_middle(replacements: list[_Replacement]) -> list[_Replacement]:
    """Return the first and the last replacements of a text, with one for all between them."""
    in_order = sorted(replacements)
    first, last = in_order[:KEPT_ENTITIES], in_order[-KEPT_ENTITIES:]
    middle = first[-1][0][1], last[0][0][0]
    return [*first, (middle, PLACEHOLDERS["secret"]), *last]


def _find_entities(
    searched: Searched,
    entity_types: Collection[EntityType],
    searched_at: dict[Callable[..., object], int],
) -> Iterator[tuple[EntityType, list[Span]]]:
    """Find what each finder finds, in order. The caller masks it before it asks for the next.

    Where nothing has been hidden since its last search, `searched_at`, a finder finds nothing more.
    """
    for entity_type, find in _FINDERS:
        if entity_type in entity_types and searched_at.get(find) != searched.mask_count:
            searched_at[find] = searched.mask_count
            if spans := merge(find(searched)):
                yield entity_type, spans
    if searched_at.get(find_by_context) != searched.mask_count:
        searched_at[find_by_context] = searched.mask_count
        yield from find_by_context(searched, entity_types).items()
