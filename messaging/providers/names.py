"""What people call a model, from what its provider calls it: "gpt-5.1" is "GPT-5.1". Pure tables.

Also which names are no chat models, and which think for long before they speak.
"""

import re

_SPECIAL = {
    "gpt": "GPT", "chatgpt": "ChatGPT", "deepseek": "DeepSeek", "llama": "Llama", "codellama": "Code Llama", "qwen": "Qwen",
    "qwq": "QwQ", "glm": "GLM", "smollm2": "SmolLM2", "smollm": "SmolLM", "oss": "OSS", "moe": "MoE", "vl": "VL", "it": "", "instruct": "",
    "chat": "Chat", "latest": "", "gguf": "", "olmo": "OLMo", "minimax": "MiniMax", "xai": "xAI", "openai": "OpenAI",
    "mixtral": "Mixtral", "ai": "AI", "r1": "R1", "hf": "",
}  # fmt: skip
_DATE = re.compile(r"[-_@](?:20[0-9]{2}-?[0-9]{2}-?[0-9]{2}|[0-9]{2}-[0-9]{2}|[0-9]{4})(?=$|:)")
_QUANT = re.compile(r"(?i)[-_.:](?:i?q[0-9][a-z0-9_]*|fp?16|bf16|fp8|awq|gptq|int[48])$")

# Not models to talk with; or only over other endpoints than chat completions.
_NO_CHAT = re.compile(
    r"(?i)embed|\bbge-|rerank|whisper|transcri|tts|speech|audio|realtime|voice|dall-?e|image|imagen|\bveo|sora|video|lyria"
    r"|moderation|guard|safeguard|\bocr|babbage|davinci|\baqa\b|computer-use|deep-research|gpt-3\.5-turbo-instruct"
    r"|codex|o1-pro|o3-pro|gpt-5(?:\.[0-9])?-pro|-live|native-audio|robotics|nomic|clip\b|diffusion|flux|reward|colbert"
)
_THINKS = re.compile(
    r"(?i)(?:^|/)o[1-9](?:$|[-:])|gpt-5|gpt-oss|reason|thinking|\br1\b|qwq|magistral|gemini-(?:[3-9]|2\.5)|grok-[34]"
)


def pretty_name(model: str) -> str:
    """Give a model's name for people."""
    name = model.rpartition("/")[2].removesuffix(".gguf")
    name = _QUANT.sub("", name)
    tag = ""
    if ":" in name:
        name, _, tag = name.partition(":")
        tag = "" if tag == "latest" else tag
    name = _DATE.sub("", name)
    if re.match(r"(?i)gpt-", name):
        first, *rest = name[4:].split("-")
        return " ".join([f"GPT-{_word(first)}", *filter(None, (_small(word) for word in rest))])
    if re.fullmatch(r"(?i)o[1-9].*", name):
        return name.replace("-", " ")
    name = re.sub(r"(?<=[0-9])-(?=[0-9](?:-|$))", ".", name)  # claude-sonnet-4-5
    words = [_word(word) for word in re.split(r"[-_ ]", f"{name}-{tag}" if tag else name)]
    return " ".join(word for word in words if word) or model


def _small(word: str) -> str:
    if re.fullmatch(r"[0-9.]+[bm]", word):
        return word.upper()
    return _SPECIAL.get(word.lower(), word)


def _word(word: str) -> str:
    if (known := _SPECIAL.get(word.lower())) is not None:
        return known
    if re.fullmatch(r"[0-9.]+[bBmMkK]", word):
        return word.upper()
    if found := re.fullmatch(r"([A-Za-z]{3,})([0-9][0-9.]*)", word):  # llama3.2, qwen3
        return f"{_word(found[1])}{'' if found[1].lower() in {'qwen', 'olmo'} else ' '}{found[2]}"
    return word if any(c.isupper() for c in word) or word[:1].isdigit() else word[:1].upper() + word[1:]


def is_chat(model: str) -> bool:
    return _NO_CHAT.search(model) is None


def thinks(model: str) -> bool:
    """May it be silent for minutes before its first word?"""
    return _THINKS.search(model) is not None


def undated(model: str) -> str:
    """The name without a snapshot's date: the alias that means "the newest of these"."""
    return _DATE.sub("", model)
