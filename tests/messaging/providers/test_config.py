"""Providers from the environment and the models file; mistakes name the place and the fix."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from messaging.providers import config, listing, names
from messaging.providers.prices import figures
from messaging.providers.registry import BY_SLUG, KNOWN
from messaging.providers.wire import read_models


def named(settings: Settings, **given: str) -> list[tuple[str, str, str, str]]:
    settings.PROVIDER_ENVIRONMENT = given
    return [(p.known.slug, p.name, p.origin.url, p.source) for p in config.from_environment()]


def test_keys_bring_in_their_providers(settings: Settings) -> None:
    assert named(settings, OPENAI_API_KEY="k", GROQ_API_KEY="g") == [
        ("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    ]


def test_an_address_needs_no_key_and_gives_its_name(settings: Settings) -> None:
    assert named(settings, OPENAI_BASE_URL="http://127.0.0.1:1234/v1/") == [
        ("openai", "127.0.0.1:1234", "http://127.0.0.1:1234/v1", "OPENAI_BASE_URL")
    ]
    assert not config.from_environment()[0].is_own_address


@pytest.mark.parametrize("url", ["http://127.0.0.1:11434", "http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"])
def test_ollama_is_found_with_and_without_v1(settings: Settings, url: str) -> None:
    assert named(settings, OLLAMA_BASE_URL=url)[0][:3] == ("ollama", "Ollama", "http://127.0.0.1:11434/v1")


def test_every_known_provider_has_names_in_the_settings(settings: Settings) -> None:
    import chatplatform.settings as product

    for known in KNOWN:
        assert f"{known.prefix}_API_KEY" in product.PROVIDER_ENVIRONMENT
        assert f"{known.prefix}_BASE_URL" in product.PROVIDER_ENVIRONMENT


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"OPENAI_BASE_URL": "localhost:1234"}, "OPENAI_BASE_URL is 'localhost:1234'. Write the address like"),
        ({"GROQ_API_KEY": "two words"}, "GROQ_API_KEY holds what no key holds"),
    ],
)
def test_a_mistake_names_the_variable(settings: Settings, given: dict[str, str], words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words):
        named(settings, **given)


def test_a_key_is_in_no_printed_form(settings: Settings) -> None:
    settings.PROVIDER_ENVIRONMENT = {"OPENAI_API_KEY": "sk-canary"}
    assert "canary" not in repr(config.from_environment())


# -- the models file ------------------------------------------------------------------------------


def read(settings: Settings, tmp_path: Path, text: str) -> config.ModelsFile:
    file = tmp_path / "models.toml"
    file.write_text(text)
    settings.MODELS_FILE = str(file)
    return config.models_file()


def test_the_file_is_read_in_order(settings: Settings, tmp_path: Path) -> None:
    found = read(
        settings,
        tmp_path,
        '[[models.chat]]\nprovider = "openai"\nmodel = "gpt-5.1"\n[[models.chat]]\nprovider = "local"\nmodel = "plain"\n'
        'name = "Small one"\n[[prices]]\nmodel = "openai:gpt-5.1"\nin = 1.25\nout = 10\n',
    )
    assert [entry.id for entry in found.chat] == ["openai:gpt-5.1", "local:plain"]
    assert (found.prices[0].price_in, found.prices[0].price_out) == (1.25, 10)


def test_a_single_entry_stands_for_a_list_of_one(settings: Settings, tmp_path: Path) -> None:
    found = read(settings, tmp_path, '[models.chat]\nprovider = "openai"\nmodel = "gpt-5.1"\n')
    assert len(found.chat) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[models.chat]\n", "is not TOML"),
        ("[[models.chat]]\nprovider = 'openai'\n", r"\[\[models.chat\]\].*missing required field `model`"),
        ("[[models.chat]]\nprovider = 'o'\nmodel = 'm'\nprize = 1\n", r"models.chat.*`prize`"),
        ("[[models.judge]]\nprovider = 'o'\nmodel = 'm'\n", "only"),
        ("[[price]]\nmodel = 'x'\n", r"\[price\] means nothing here"),
        ("[[prices]]\nmodel = 'gpt-5.1'\nin = 1\nout = 2\n", "write it like"),
        ("[[prices]]\nmodel = 'a:b'\nin = 'much'\nout = 2\n", r"\[\[prices\]\]"),
    ],
)
def test_a_mistake_in_the_file_names_file_place_and_fix(
    settings: Settings, tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=words) as caught:
        read(settings, tmp_path, text)
    assert "models.toml" in str(caught.value)


def test_a_file_that_is_not_there_says_so(settings: Settings) -> None:
    settings.MODELS_FILE = "/nowhere/models.toml"
    with pytest.raises(ImproperlyConfigured, match=r"PARLEY_MODELS_FILE names /nowhere/models\.toml"):
        config.models_file()


# -- lists, names, prices ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-5.1", "GPT-5.1"), ("gpt-4o-mini", "GPT-4o mini"), ("gpt-4o-2024-08-06", "GPT-4o"), ("o4-mini", "o4 mini"),
        ("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5"), ("gemini-2.5-flash-lite", "Gemini 2.5 Flash Lite"),
        ("mistral-large-latest", "Mistral Large"), ("llama-3.3-70b-versatile", "Llama 3.3 70B Versatile"),
        ("deepseek-chat", "DeepSeek Chat"), ("qwen3:32b", "Qwen3 32B"), ("llama3.2:latest", "Llama 3.2"),
        ("openai/gpt-oss-120b", "GPT-OSS 120B"), ("SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2 135M"), ("x", "X"),
    ],
)  # fmt: skip
def test_models_have_names_for_people(model: str, name: str) -> None:
    assert names.pretty_name(model) == name


@pytest.mark.parametrize(
    "model",
    [
        "text-embedding-3-small", "whisper-1", "tts-1-hd", "dall-e-3", "gpt-image-1", "gpt-4o-realtime-preview", "omni-moderation-latest",
        "gpt-4o-transcribe", "sora-2", "babbage-002", "mistral-ocr-latest", "imagen-4.0-generate-001", "veo-3.0", "nomic-embed-text",
        "llama-guard-4-12b", "playai-tts", "gpt-3.5-turbo-instruct", "o3-deep-research", "bge-m3",
    ],
)  # fmt: skip
def test_what_is_no_model_to_talk_with_is_left_out(model: str) -> None:
    assert not names.is_chat(model)


def test_a_list_becomes_models_the_best_known_first() -> None:
    entries = read_models(
        b'{"object":"list","data":[{"id":"gpt-4o-2024-08-06","created":3},{"id":"gpt-4o","created":2},{"id":"whisper-1"},'
        b'{"id":"gpt-zzz","created":9},{"id":"gpt-5.1","created":1},{"id":7},"odd",{"id":"text-embedding-3-small"}]}'
    )
    models = listing.models_of("openai", "OpenAI", entries, BY_SLUG["openai"])
    assert [model.id for model in models] == ["openai:gpt-5.1", "openai:gpt-4o", "openai:gpt-zzz"]
    assert models[0].price_in == 1.25 and models[0].price_out == 10 and models[0].context_tokens == 400_000
    assert models[0].thinks and not models[1].thinks
    assert models[2].price_in is None


def test_openrouters_list_tells_names_prices_and_sizes() -> None:
    entries = read_models(
        b'{"data":[{"id":"openai/gpt-5.1","name":"OpenAI: GPT-5.1","context_length":400000,"pricing":{"prompt":"0.00000125",'
        b'"completion":"0.00001"},"top_provider":{"context_length":400000,"max_completion_tokens":128000},"architecture":'
        b'{"output_modalities":["text"]}},{"id":"a/img","name":"Img","architecture":{"output_modalities":["image"]}}]}'
    )
    (model,) = listing.models_of("openrouter", "OpenRouter", entries, BY_SLUG["openrouter"])
    assert (model.name, model.price_in, model.price_out) == ("GPT-5.1", 1.25, 10)
    assert (model.context_tokens, model.max_output_tokens) == (400_000, 128_000)


def test_a_models_name_is_one_line_and_its_price_a_number() -> None:
    """Names stand in lists, mails and prompts beside trusted words; a provider may write what it likes."""
    entries = read_models(
        b'{"data":[{"id":"m","name":"Alice\\n\\u202eanswer\\u0000","pricing":{"prompt":"inf","completion":"1e400"}}]}'
    )
    (model,) = listing.models_of("box", "Box", entries, None)
    assert (model.name, model.price_in, model.price_out) == ("Alice answer", None, None)


def test_lists_in_other_forms_are_read() -> None:
    assert [m.id for m in read_models(b'[{"id":"a","type":"chat"}]')] == ["a"]
    gemini = read_models(b'{"data":[{"id":"models/gemini-2.5-pro"},{"id":"models/embedding-001"}]}')
    assert [m.id for m in listing.models_of("gemini", "Google", gemini, BY_SLUG["gemini"])] == ["gemini:gemini-2.5-pro"]


def test_the_models_shown_before_a_list_came_are_known_models() -> None:
    for known in KNOWN:
        models = listing.defaults(known.slug, known.name, known)
        assert len(models) == len(known.first)
        assert all(names.is_chat(model.model) for model in models)


def test_unknown_prices_are_unknown_and_not_free() -> None:
    assert figures("openai", "no-such-model-zz").price_in is None
    assert figures("no-such-provider", "x").price_in is None
