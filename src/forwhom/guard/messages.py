"""Messages of an OpenAI-style request as mitigations read them, and back.

A message that no mitigation changed is sent as it was given, with all that its provider put into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    messages_to_openai,
)

from forwhom.guard.policy import InForce, Policy
from forwhom.guard.speakers import UNREAD, Line, line, remembered_in
from forwhom.systems.layer import AUTHOR, Exchange, Happening
from forwhom.users.user import User

_GIVEN = "given"
_LINE = "line"
_OWN = "own"  # what a tool returned of the owner's
_SYSTEM = ("system", "developer")


def as_read(given: Sequence[Any], policy: Policy) -> list[ChatMessage]:
    """The messages, a system prompt first (an empty one where there is none).

    Those whose role or name, or the name of whose tool, the policy does not trust are marked as a third
    party's, but for what a tool returned of the user's own."""
    plain = [one if isinstance(one, Mapping) else one.model_dump(exclude_none=True) for one in given]
    calls = {call["id"]: call for one in plain for call in one.get("tool_calls") or ()}
    read = [
        _read(one, f"m{place}", calls.get(one.get("tool_call_id"), {}), policy)
        for place, one in enumerate(plain)
    ]
    return read if read and read[0].role == "system" else [ChatMessageSystem(content=""), *read]


def _read(given: Mapping[str, Any], place: str, call: Mapping[str, Any], policy: Policy) -> ChatMessage:
    """place: an id, since drawing one takes longer than all the rest."""
    role, text = given["role"], text_of(given.get("content"))
    called = call.get("function") or call.get("custom") or {}
    tool = str(called.get("name", ""))
    metadata: dict[str, Any] = {_GIVEN: given}
    is_untrusted = {role, given.get("name", ""), tool} & set(policy.untrusted)
    metadata[_OWN] = policy.rule(tool).returns_own(called.get("arguments"))
    if is_untrusted and not metadata[_OWN]:
        metadata[AUTHOR] = "third_party"
    if role in _SYSTEM:
        return ChatMessageSystem(content=text, metadata=metadata, id=place)
    if role == "assistant":
        return ChatMessageAssistant(content=text, metadata=metadata, id=place)
    if role in ("tool", "function"):
        return ChatMessageTool(
            content=text,
            tool_call_id=given.get("tool_call_id"),
            function=tool or None,
            metadata=metadata,
            id=place,
        )
    metadata[_LINE] = line(text, policy.speakers)
    return ChatMessageUser(content=text, metadata=metadata, id=place)


def asking(given: Any, policy: Policy) -> str:
    """Who wrote the last message of a request that is a person's; "" where its client does not say it."""
    if policy.speakers is None or not isinstance(given, list):
        return ""
    for one in reversed(given):
        if isinstance(one, Mapping) and one.get("role") == "user":
            try:
                said = line(text_of(one.get("content")), policy.speakers)
            except (AttributeError, KeyError, TypeError):  # of no form that a message has
                return ""
            if not said.internal:
                return said.speaker
    return ""


def text_of(content: Any) -> str:
    """The text of a message's content: a string, a list of parts, or None."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part["text"] for part in content if part.get("type") == "text")


async def as_sent(messages: Sequence[ChatMessage]) -> list[Any]:
    """As the client takes them; an empty system prompt is left out."""
    sent: list[Any] = []
    for message in messages:
        given = (message.metadata or {}).get(_GIVEN)
        if given is None:
            if message.role != "system" or message.text:
                sent += await messages_to_openai([message])
        elif message.text == text_of(given.get("content")):
            sent.append(given)
        else:
            sent.append({**given, "content": _with_text(given.get("content"), message.text)})
    return sent


def _with_text(content: Any, text: str) -> Any:
    if content is None or isinstance(content, str):
        return text
    return [{"type": "text", "text": text}, *(part for part in content if part.get("type") != "text")]


def is_others(message: ChatMessage) -> bool:
    return (message.metadata or {}).get(AUTHOR) == "third_party"


def said_in(message: ChatMessage) -> Line:
    """A user message as its person wrote it."""
    said: Line | None = (message.metadata or {}).get(_LINE)
    return said or Line("", message.text)


def conversation(messages: Sequence[ChatMessage], exchange: Exchange, force: InForce) -> None:
    """Write into `exchange` what was said so far: the request is the user's last own message."""
    known, session = exchange.known, exchange.session
    lines = {
        place: said_in(one) for place, one in enumerate(messages)
        if one.role == "user" and not is_others(one) and not said_in(one).internal
    }  # fmt: skip
    authors = _authors(lines, known, force)
    own = [place for place, author in authors.items() if author.id == known.id]
    asked = own[-1] if own else -1
    exchange.request = said_in(messages[asked]).text if own else ""
    if force.is_guest(known):
        owner = force.anybody(force.policy.owner)
        prompts = [one.text for one in messages if one.role == "system"]
        for text in remembered_in(prompts, force.policy.speakers):
            exchange.log.append(Happening("say", text, owner, session))
    answered = known
    for place, one in enumerate(messages):
        answered = authors.get(place, answered)
        if quoted := said_in(one).quoted:
            exchange.log.append(Happening("document", quoted, None, session))
        if place != asked and one.role != "system" and not said_in(one).internal:
            exchange.log.append(_happening(one, answered, exchange, force))


def quoted_in(messages: Sequence[ChatMessage]) -> list[str]:
    """What a client put into users' messages, which may be others' words."""
    return [quoted for one in messages if (quoted := said_in(one).quoted)]


def _authors(lines: Mapping[int, Line], known: User, force: InForce) -> dict[int, User]:
    """Whose words each user message is. The last is by `known`; of the others those are the owner's that are
    of no channel, where any is, and each is somebody else's of which it cannot be read."""
    of_no_channel, last = known, max(lines, default=-1)
    if force.policy.owner and any(one.speaker for one in lines.values()):
        of_no_channel = force.anybody(force.policy.owner)

    def author(place: int, name: str) -> User:
        if place == last or name == known.id:
            return known
        if name == UNREAD:
            return force.anybody(f"{UNREAD}{place}")
        return force.anybody(name) if name else of_no_channel

    return {place: author(place, one.speaker) for place, one in lines.items()}


def _happening(message: ChatMessage, user: User, exchange: Exchange, force: InForce) -> Happening:
    """user: who wrote it, or the last who wrote before it."""
    known, session = exchange.known, exchange.session
    if message.role == "assistant":  # what was answered to somebody else is theirs
        is_own = user.id == known.id
        return Happening("answer" if is_own else "say", message.text, None if is_own else user, session)
    if message.role == "tool" and (message.metadata or {}).get(_OWN) and force.is_guest(known):
        return Happening("say", message.text, force.anybody(force.policy.owner), session)
    if is_others(message) or message.role == "tool":
        return Happening("document", message.text, None, session)
    said = said_in(message)
    return Happening("say", said.text or said.quoted, user, session)
