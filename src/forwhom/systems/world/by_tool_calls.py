"""Drive an agent by the model's own tool calls, for models that can call tools.

The loop of Inspect's providers: the model is given the tools, calls some, reads the results, and ends by
answering (ReAct: arXiv:2210.03629). Where channels are kept apart, a mail is written anew by the model
before the memory of its own channel and what was read so far, whatever text the call came with.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ModelOutput,
)
from inspect_ai.tool import ToolInfo, ToolParam, ToolParams

from forwhom.systems.layer import Asker
from forwhom.systems.reply import Reply, as_reply, together
from forwhom.systems.world.briefing import Briefing
from forwhom.systems.world.errand import Errand
from forwhom.systems.world.tools import TOOLS

METHOD = "tool calls of the model"


async def drive(errand: Errand, briefing: Briefing, asker: Asker, max_steps: int) -> Reply:
    """Do `errand`, with at most `max_steps` rounds of calls; the last word is asked for without tools."""
    started = monotonic()
    people = ", ".join(f"{one.name}, the user's {one.channel} ({one.address})"
                       for one in errand.world.contacts.values())  # fmt: skip
    how = f"You act for the user with tools. Contacts: {people}."
    said: list[ChatMessage] = [ChatMessageSystem(content=briefing.prompt(how)), *briefing.asked]
    outputs: list[ModelOutput] = []
    for step in range(max_steps + 1):
        outputs.append(await _generate(said, _tools(errand) if step < max_steps else [], asker))
        calls = outputs[-1].message.tool_calls or [] if outputs[-1].choices else []
        if not calls or step == max_steps:
            break
        before = said[1:]
        said.append(outputs[-1].message)
        for call in calls:
            arguments = {str(name): str(value) for name, value in call.arguments.items()}
            to = arguments.get("to", "")
            is_sent = call.function == "send_mail" and not errand.obstacle(call.function, arguments)
            if is_sent and briefing.recall(to) != briefing.recall(""):
                wish = ChatMessageUser(content=f"Write the text of the mail to {to}.")
                told = ChatMessageSystem(content=briefing.prompt(how, to))
                outputs.append(await _generate([told, *before, wish], [], asker))
                arguments["text"] = outputs[-1].completion
            action = errand.do(call.function, arguments)
            said.append(ChatMessageTool(content=errand.as_told(action), tool_call_id=call.id,
                                        function=call.function))  # fmt: skip
    spent = together([as_reply(output, output.completion) for output in outputs])
    return replace(spent, method=METHOD, actions=tuple(errand.actions), seconds=monotonic() - started)


async def _generate(said: list[ChatMessage], tools: list[ToolInfo], asker: Asker) -> ModelOutput:
    return await asker.model.generate(said, tools=tools, config=asker.sampling)


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
