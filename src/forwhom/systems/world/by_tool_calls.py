"""Drive an agent by the model's own tool calls, for models that can call tools.

The loop of Inspect's providers: the model is given the tools, calls some, reads the results, and ends by
answering (ReAct: arXiv:2210.03629).
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageTool,
    GenerateConfig,
    Model,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolInfo, ToolParam, ToolParams

from forwhom.systems.answering import Reply
from forwhom.systems.world.errand import Errand
from forwhom.systems.world.tools import TOOLS
from forwhom.systems.world.world import Remembered

METHOD = "tool calls of the model"


async def drive(
    errand: Errand,
    messages: Sequence[ChatMessage],
    model: Model,
    memory: Sequence[Remembered],
    max_steps: int,
) -> Reply:
    """Do `errand`, with at most `max_steps` rounds of calls; the last word is asked for without tools."""
    started = monotonic()
    listed = "\n".join(["What you remember of the user:", *(f"- {one.text}" for one in memory)])
    people = ", ".join(f"{one.name}, the user's {one.channel} ({one.address})"
                       for one in errand.world.contacts.values())  # fmt: skip
    told = f"{messages[0].text}\nYou act for the user with tools. Contacts: {people}.\n{listed}"
    said: list[ChatMessage] = [ChatMessageSystem(content=told), *messages[1:]]
    outputs: list[ModelOutput] = []
    config = GenerateConfig(temperature=0.0)
    for step in range(max_steps + 1):
        outputs.append(
            await model.generate(said, tools=_tools(errand) if step < max_steps else [], config=config)
        )
        calls = outputs[-1].message.tool_calls or [] if outputs[-1].choices else []
        if not calls or step == max_steps:
            break
        said.append(outputs[-1].message)
        for call in calls:
            arguments = {str(name): str(value) for name, value in call.arguments.items()}
            action = errand.do(call.function, arguments)
            said.append(ChatMessageTool(content=errand.as_told(action), tool_call_id=call.id,
                                        function=call.function))  # fmt: skip
    usages = [output.usage or ModelUsage() for output in outputs]
    return Reply(
        outputs[-1].completion, method=METHOD, actions=tuple(errand.actions),
        tokens_in=sum(one.input_tokens + (one.input_tokens_cache_read or 0) for one in usages),
        tokens_out=sum(one.output_tokens for one in usages),
        tokens_cached=sum(one.input_tokens_cache_read or 0 for one in usages),
        seconds=monotonic() - started,
    )  # fmt: skip


def _tools(errand: Errand) -> list[ToolInfo]:
    return [
        ToolInfo(
            name=tool.name,
            description=tool.description,
            parameters=ToolParams(
                properties={
                    name: ToolParam(type="string", description=what) for name, what in tool.parameters.items()
                },
                required=list(tool.parameters),
            ),
        )
        for tool in (TOOLS[name] for name in errand.rights.tools)
    ]
