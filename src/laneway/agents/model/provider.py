"""Provider: turns the settings of a model agent into a model that can be asked, or into the reason why it cannot."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers import Provider, infer_provider, infer_provider_class
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

NO_KEY = "no-key"
"""What a service is sent that needs no key, because the clients insist on one."""
_SENTENCE_END = re.compile(r"(?<=\.)\s")


@dataclass(frozen=True)
class ModelSettings:
    """Which model answers, and how it is reached."""

    model: str
    """`provider:name`, or `test`; with a `base_url`, the service's own name for it is enough."""
    base_url: str = ""
    """Where an OpenAI-compatible service is (`anthropic:…`: an Anthropic-compatible one)."""
    api_key: str = field(default="", repr=False)
    """Without one, a provider that is known by name uses what its own client library finds in the environment."""
    prompt: str = ""
    """The instructions that every run begins with."""
    retries: int = 2
    """How often one request is repeated after a failure that may pass, before the run fails."""
    max_steps: int = 200
    """How many requests one run may make."""
    history_chars: int = 200_000
    """About how many characters of the history a run is told; what lies further back is condensed. 0 = all."""


class NotConfigured(Exception):
    """The settings do not lead to a model; the message says what is missing."""


def connect(settings: ModelSettings) -> Model:
    """Make the model of the settings. Nothing is sent yet. Raises `NotConfigured`."""
    try:
        return _at_address(settings) if settings.base_url else _known_by_name(settings)
    except (UserError, ImportError, TypeError, ValueError) as error:
        if isinstance(error, UserError) and not settings.api_key:
            # The library goes on with advice to programmers.
            reason = f"{_SENTENCE_END.split(str(error))[0]} The agent's settings for it: api_key_env, api_key_file."
        else:
            reason = str(error).replace(settings.api_key, "…") if settings.api_key else str(error)
        raise NotConfigured(f"The model {settings.model} cannot be used: {reason}") from None


def secrets_of(settings: ModelSettings, model: Model) -> tuple[str, ...]:
    """The texts that no message may show: the key that was set, and the one that the client found by itself."""
    found: object = getattr(getattr(model.provider, "client", None), "api_key", None)
    keys = (settings.api_key, found if isinstance(found, str) else "")
    return tuple(key for key in keys if key and key != NO_KEY)


def _known_by_name(settings: ModelSettings) -> Model:
    def provider(name: str) -> Provider[object]:
        if not settings.api_key:
            return infer_provider(name)
        # Each provider has its own parameters; all that take a key call it `api_key`, the others raise TypeError.
        make = cast("Callable[..., Provider[object]]", infer_provider_class(name))
        return make(api_key=settings.api_key)

    return infer_model(settings.model, provider)


def _at_address(settings: ModelSettings) -> Model:
    prefix, name = _split(settings.model)
    if prefix == "anthropic":
        at = AnthropicProvider(base_url=settings.base_url, api_key=settings.api_key or NO_KEY)
        return AnthropicModel(name, provider=at)
    service = OpenAICompatibleProvider("openai", base_url=settings.base_url, api_key=settings.api_key or NO_KEY)
    if prefix == "openai-responses":
        return OpenAIResponsesModel(name, provider=service)
    # Hardly any service but OpenAI's own speaks the newer protocol, so `openai:` means the older one here.
    return OpenAIChatModel(name, provider=service)


def _split(model: str) -> tuple[str, str]:
    """The provider and the model's name; names of local models may have a colon of their own, as `llama3:8b` does."""
    prefix, colon, name = model.partition(":")
    if not colon:
        return "", model
    try:
        infer_provider_class(prefix)
    except ValueError:
        return "", model
    return prefix, name
