"""The model agent: asks a model, does what it calls for, tells it the results, and asks again until it is done.

The loop is ours rather than the library's: between two requests a turn may be steered or stopped, every call is
recorded before the next begins, and a turn that was cut off goes on from that record.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from typing import Literal, cast

from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    InstructionPart,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.tools import ToolDefinition

from laneway.agent import (
    AgentEvent,
    AgentFailed,
    AgentProfile,
    Capabilities,
    Condensed,
    Consumed,
    Reasoning,
    Text,
    TurnInput,
)
from laneway.agents.model.context import Context, ToolNames, gather, hear_all
from laneway.agents.model.digest import Condense, history_of, remembered, shortened, size_of
from laneway.agents.model.failure import GARBLED, REFUSED, UNREACHABLE, failure
from laneway.agents.model.provider import ModelSettings, NotConfigured, connect, secrets_of
from laneway.domain.errors import UnknownTool
from laneway.domain.item import Call
from laneway.domain.json import Json, JsonObject
from laneway.domain.thread import Usage
from laneway.tool import ToolFailed, ToolRejected

Outcome = Literal["success", "failed", "denied"]


class ModelAgent:
    """Answers with a language model. After a crash it goes on from what the turn has recorded."""

    def __init__(self, settings: ModelSettings, profile: AgentProfile) -> None:
        self._settings = settings
        self._profile = replace(
            profile,
            kind="model",
            capabilities=Capabilities(steer=True, tools=True),
            recovery="continue",
        )
        self._open = AsyncExitStack()
        self._is_open = False
        self._model: Model | None = None
        self._reason: str | None = None
        _cost(_PRICED)  # the price list takes a fifth of a second to load: now, not on the event loop
        try:
            self._model = connect(settings)
        except NotConfigured as error:
            self._reason = str(error)

    @property
    def profile(self) -> AgentProfile:
        return self._profile

    def availability(self) -> str | None:
        return self._reason

    async def run(self, turn: TurnInput) -> AsyncIterator[AgentEvent]:
        model = await self._ready()
        async with aclosing(_Run(self._settings, model, turn, self.condense).events()) as events:
            async for event in events:
                yield event

    async def condense(self, instruction: str, text: str) -> Condensed:
        model = await self._ready()
        parameters = ModelRequestParameters(instruction_parts=[InstructionPart(instruction)])
        try:
            # Streamed although nobody reads along: a service that streams answers is what agents need anyway.
            async with model_request_stream(
                model, [ModelRequest([UserPromptPart(text)])],
                model_settings={"max_retries": self._settings.retries}, model_request_parameters=parameters,
            ) as stream:  # fmt: skip
                async for _ in stream:
                    pass
                response = stream.get()
        except Exception as error:  # noqa: BLE001 - strange bytes from a provider come out as errors of any type
            raise failure(error, self._settings.model, secrets_of(self._settings, model)) from None
        return Condensed(
            "".join(part.content for part in response.parts if isinstance(part, TextPart)), _usage(response)
        )

    async def _ready(self) -> Model:
        """The model, with its connections open."""
        if self._model is None:
            raise AgentFailed(self._reason or "The model cannot be used.", REFUSED)
        if not self._is_open:
            self._is_open = True
            await self._open.enter_async_context(self._model)
        return self._model

    async def close(self) -> None:
        self._is_open = False
        await self._open.aclose()


class _Run:
    """One run: the messages so far, and the requests that add to them."""

    def __init__(self, settings: ModelSettings, model: Model, turn: TurnInput, condense: Condense) -> None:
        self._settings = settings
        self._model = model
        self._turn = turn
        self._condense = condense
        self._names = ToolNames(turn.handle.tools())
        self._secrets = secrets_of(settings, model)
        self._parameters = ModelRequestParameters(
            function_tools=[
                ToolDefinition(
                    name=self._names.theirs(spec.name),
                    description=spec.description,
                    parameters_json_schema=dict(spec.parameters),
                    strict=False,  # strict modes rewrite the schema; ours is to arrive as it is
                )
                for spec in turn.handle.tools()
            ],
            instruction_parts=_instructions(settings.prompt, turn),
        )
        self._speaking = False
        self._joint = ""
        self._response = ModelResponse([])

    async def events(self) -> AsyncGenerator[AgentEvent, None]:
        """Ask until the model calls for nothing more and nobody steers it any further."""
        may_see = self._model.profile.get("supports_image_input", True)
        handle, batch = self._turn.handle, self._turn.batch
        progress = await handle.progress()
        told = remembered(await history_of(handle), len(batch), progress)
        limit = self._settings.history_chars
        if limit and sum(map(size_of, told.items)) > limit:
            told, digest, usage = await shortened(told, len(batch) + len(progress), limit, self._condense)
            yield Consumed(usage)
            yield digest
        context = await gather(self._turn, told, self._names, may_see, self._finish)
        if context is None:
            return
        for _ in range(self._settings.max_steps):
            async with aclosing(self._request(context)) as events:
                async for event in events:
                    yield event
            if self._response.parts:
                context.messages.append(self._response)  # as it came: providers sign parts of it
            called = await self._do_calls(context)
            steered = hear_all(context, await self._turn.handle.steer())
            if not called and not steered:
                return
        raise AgentFailed(f"The model was asked {self._settings.max_steps} times without an end.", "step_limit")

    async def _request(self, context: Context) -> AsyncGenerator[AgentEvent, None]:
        """Ask once, and stream what comes."""
        try:
            async with model_request_stream(
                self._model,
                context.messages,
                model_settings={"max_retries": self._settings.retries},
                model_request_parameters=self._parameters,
            ) as stream:
                async for part in stream:
                    if (event := self._event(part)) is not None:
                        yield event
                self._response = stream.get()
        except Exception as error:  # noqa: BLE001 - strange bytes from a provider come out as errors of any type
            raise failure(error, self._settings.model, self._secrets) from None
        yield Consumed(_usage(self._response))
        self._check_complete(self._response)

    def _event(self, event: ModelResponseStreamEvent) -> AgentEvent | None:
        match event:
            case PartStartEvent(part=TextPart(content=text)):
                self._joint = "\n\n" if self._speaking else ""
                return self._say(text)
            case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                return self._say(text)
            case (
                PartStartEvent(part=ThinkingPart(content=text))
                | PartDeltaEvent(delta=ThinkingPartDelta(content_delta=str(text)))
            ):
                self._speaking = False  # reasoning ends a message, as a call does
                return Reasoning(text) if text else None
            case _:
                return None

    def _say(self, text: str) -> Text | None:
        """A piece of the answer; between two texts with nothing in between there is an empty line."""
        if not text:
            return None
        said = Text(self._joint + text)
        self._joint, self._speaking = "", True
        return said

    def _check_complete(self, response: ModelResponse) -> None:
        """Raise when the answer only seems to be one."""
        name = self._settings.model
        if response.finish_reason == "content_filter" and not response.parts:
            raise AgentFailed(f"{name}: the provider's filter withheld the answer.", REFUSED)
        # The library takes a stream that just stops for a finished one; this protocol says when it is finished.
        if isinstance(self._model, OpenAIChatModel) and "finish_reason" not in (response.provider_details or {}):
            if response.parts:
                raise AgentFailed(f"{name}: the connection ended before the answer did.", UNREACHABLE)
            raise AgentFailed(f"{name}: the provider's answer made no sense.", GARBLED)

    async def _do_calls(self, context: Context) -> bool:
        """Do what the model called for, one after another: each is recorded before the next begins."""
        calls = [part for part in self._response.parts if isinstance(part, ToolCallPart)]
        for call in calls:
            self._speaking = False
            context.ask(await self._call(call))
        return bool(calls)

    async def _call(self, call: ToolCallPart) -> ToolReturnPart:
        name, arguments = self._names.ours(call.tool_name), _arguments(call)
        if name is None:
            content, outcome = f"There is no tool {call.tool_name}.", "failed"
        elif arguments is None:
            content, outcome = "The arguments are not a JSON object. Call it again with one.", "failed"
        else:
            content, outcome = await self._outcome(name, arguments)
        return ToolReturnPart(call.tool_name, content, call.tool_call_id, outcome=outcome)

    async def _finish(self, call: Call) -> ToolReturnPart:
        """Go on with a call that an earlier attempt made."""
        content, outcome = await self._outcome(call.name, call.arguments)
        return ToolReturnPart(self._names.theirs(call.name), content, call.call_id, outcome=outcome)

    async def _outcome(self, name: str, arguments: JsonObject) -> tuple[Json, Outcome]:
        try:
            return await self._turn.handle.call(name, arguments), "success"
        except ToolRejected as error:
            return str(error) or "The owner said no.", "denied"
        except ToolFailed as error:
            return str(error) or "It failed.", "failed"
        except UnknownTool as error:
            return error.detail, "failed"


def _instructions(prompt: str, turn: TurnInput) -> list[InstructionPart]:
    """The agent's prompt, which stays the same and may be cached, and then what the session says."""
    notes = "Notes of this session:\n" + "\n".join(f"- {note}" for note in turn.notes) if turn.notes else ""
    parts = [InstructionPart(prompt)] if prompt else []
    return parts + [InstructionPart(text, dynamic=True) for text in (notes, turn.briefing) if text]


def _arguments(call: ToolCallPart) -> JsonObject | None:
    """The arguments as the model wrote them; None when they are no JSON object."""
    try:
        value: object = json.loads(call.args or "{}") if isinstance(call.args, str | None) else call.args
    except (ValueError, RecursionError):
        return None
    return cast("JsonObject", value) if isinstance(value, Mapping) else None  # a JSON object's keys are text


def _usage(response: ModelResponse) -> Usage:
    return Usage(response.usage.input_tokens, response.usage.output_tokens, _cost(response))


_PRICED = ModelResponse([], model_name="gpt-4o", provider_name="openai")


def _cost(response: ModelResponse) -> float:
    try:
        return float(response.cost().total_price)
    except (LookupError, ValueError, AssertionError):
        return 0.0  # a model without a known price, or a provider that does not count
