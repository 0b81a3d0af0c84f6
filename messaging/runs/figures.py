"""Counting: tokens by estimate where nobody tells us, and what an answer costs. Pure."""

import re

from messaging.providers.base import ChatMessage, ModelInfo
from messaging.types import Usage

# Scripts written without spaces, where about every sign is a token: CJK, kana, hangul.
_DENSE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff]")
PER_MESSAGE = 4  # role and separators


def estimate_tokens(text: str) -> int:
    """About how many tokens a text is: four characters each, one for each sign of a dense script."""
    dense = len(_DENSE.findall(text)) if not text.isascii() else 0
    return dense + (len(text) - dense + 3) // 4


def estimate_prompt(messages: list[ChatMessage]) -> int:
    return sum(PER_MESSAGE + estimate_tokens(message.content) for message in messages)


def counted(usage: Usage | None, prompt: list[ChatMessage], text: str) -> tuple[Usage, bool]:
    """What the provider counted, completed by estimates, and whether anything was estimated."""
    tokens_in = usage.tokens_in if usage else None
    tokens_out = usage.tokens_out if usage else None
    is_estimate = tokens_in is None or tokens_out is None
    full = Usage(
        tokens_in=estimate_prompt(prompt) if tokens_in is None else tokens_in,
        tokens_out=estimate_tokens(text) if tokens_out is None else tokens_out,
        tokens_cached=usage.tokens_cached if usage else None,
    )
    return full, is_estimate


def cost_usd(usage: Usage, model: ModelInfo) -> float | None:
    """US dollars at the model's prices; None where no price is known. Cached tokens count in full."""
    if model.price_in is None or model.price_out is None:
        return None
    return ((usage.tokens_in or 0) * model.price_in + (usage.tokens_out or 0) * model.price_out) / 1_000_000
