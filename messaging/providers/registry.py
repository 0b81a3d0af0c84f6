"""The providers that are known by name: where they are, what is special about them, and what to offer until they
have told us themselves. Data only; last looked at in November 2026.
"""

from msgspec import Struct


class Known(Struct, frozen=True):
    """`prefix` of the environment names; `prices` is its id in genai-prices; `first` its models worth showing first."""

    slug: str
    name: str
    prefix: str
    base_url: str
    prices: str
    first: tuple[str, ...]
    limit_field: str = "max_tokens"
    needs_key: bool = True


KNOWN = (
    Known(
        "openai", "OpenAI", "OPENAI", "https://api.openai.com/v1", "openai",
        ("gpt-5.1", "gpt-5-mini", "gpt-4.1", "gpt-4o", "o4-mini", "gpt-4o-mini"), limit_field="max_completion_tokens",
    ),
    Known(
        "gemini", "Google", "GEMINI", "https://generativelanguage.googleapis.com/v1beta/openai", "google",
        ("gemini-3-pro-preview", "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"),
    ),
    Known(
        "openrouter", "OpenRouter", "OPENROUTER", "https://openrouter.ai/api/v1", "openrouter",
        (
            "anthropic/claude-sonnet-4.5", "openai/gpt-5.1", "google/gemini-3-pro-preview", "anthropic/claude-opus-4.1",
            "x-ai/grok-4", "deepseek/deepseek-chat-v3.1", "qwen/qwen3-235b-a22b", "meta-llama/llama-3.3-70b-instruct",
        ),
    ),
    Known(
        "mistral", "Mistral", "MISTRAL", "https://api.mistral.ai/v1", "mistral",
        ("mistral-large-latest", "mistral-medium-latest", "magistral-medium-latest", "mistral-small-latest"),
    ),
    Known("xai", "xAI", "XAI", "https://api.x.ai/v1", "x-ai", ("grok-4", "grok-4-fast-reasoning", "grok-3", "grok-3-mini")),
    Known("deepseek", "DeepSeek", "DEEPSEEK", "https://api.deepseek.com/v1", "deepseek", ("deepseek-chat", "deepseek-reasoner")),
    Known(
        "groq", "Groq", "GROQ", "https://api.groq.com/openai/v1", "groq",
        ("llama-3.3-70b-versatile", "openai/gpt-oss-120b", "moonshotai/kimi-k2-instruct-0905", "qwen/qwen3-32b"),
    ),
    Known(
        "together", "Together", "TOGETHER", "https://api.together.xyz/v1", "together",
        ("deepseek-ai/DeepSeek-V3.1", "meta-llama/Llama-3.3-70B-Instruct-Turbo", "Qwen/Qwen3-235B-A22B-Instruct-2507-tput"),
    ),
    Known("cerebras", "Cerebras", "CEREBRAS", "https://api.cerebras.ai/v1", "cerebras", ("llama-3.3-70b", "gpt-oss-120b")),
    Known("ollama", "Ollama", "OLLAMA", "", "", (), needs_key=False),
)  # fmt: skip
BY_SLUG = {known.slug: known for known in KNOWN}
BUILT_IN = frozenset({"local", "scripted"})
