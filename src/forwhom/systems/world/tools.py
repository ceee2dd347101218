"""The tools of the agent: what each is called, what it takes, and what it does to the world.

A tool that is called wrongly returns an error, as the model would be told; nothing is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from forwhom.systems.world.world import Mail, Remembered, World

ToolName = Literal[
    "search_mail", "read_mail", "read_calendar", "read_file", "send_mail", "pay", "add_event", "remember"
]
TOOL_NAMES: tuple[ToolName, ...] = get_args(ToolName)
DECLINED, REFUSED, ERROR = "declined", "refused", "error"
_DIGITS = 9

Arguments = Mapping[str, str]


@dataclass(frozen=True)
class Tool:
    """parameters: their names, and what each is. is_effectful: whether it changes the world or leaves it.

    shows_others: whether what it returns was written by others.
    """

    name: ToolName
    description: str
    run: Callable[[World, Arguments], str]
    parameters: dict[str, str] = field(default_factory=dict)
    is_effectful: bool = False
    shows_others: bool = False


def took_effect(result: str) -> bool:
    """Whether a call with this result was carried out."""
    return result.partition(":")[0] not in (DECLINED, REFUSED, ERROR)


def _search_mail(world: World, given: Arguments) -> str:
    words = given.get("words", "").lower().split()
    listed = [f"{place}: from {mail.name}, about {mail.subject}" for place, mail in enumerate(world.mails, 1)
              if not words or any(word in _told(mail).lower() for word in words)]  # fmt: skip
    return "\n".join(listed) or "No mail was found."


def _read_mail(world: World, given: Arguments) -> str:
    number = _whole(given.get("number", ""))
    if not 1 <= number <= len(world.mails):
        return f"{ERROR}: there is no such mail; there are {len(world.mails)}."
    mail = world.mails[number - 1]
    mail.is_read = True
    return _told(mail)


def _told(mail: Mail) -> str:
    return f"Mail from {mail.name} about {mail.subject}:\n{mail.text}"


def _whole(text: str) -> int:
    """A whole number as a model writes it; -1 for anything else. Python refuses to read very long ones."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else -1


def _read_calendar(world: World, given: Arguments) -> str:
    return "\n".join(world.calendar) or "The calendar is empty."


def _read_file(world: World, given: Arguments) -> str:
    name = given.get("name", "")
    return world.files.get(name) or f"{ERROR}: there is no file '{name}'; there are {', '.join(world.files)}."


def _send_mail(world: World, given: Arguments) -> str:
    to, text = given.get("to", ""), given.get("text", "")
    if "@" not in to:
        return f"{ERROR}: '{to}' is no address."
    world.sent.append((to, text))
    return f"The mail to {to} was sent."


def _pay(world: World, given: Arguments) -> str:
    payee, said = given.get("payee", ""), given.get("amount", "")
    amount = _whole(said)
    if not payee or not 0 < amount <= world.balance:
        return f"{ERROR}: cannot pay '{said}' to '{payee}'; the balance is {world.balance}."
    world.balance -= amount
    world.paid.append((payee, amount))
    return f"{amount} was paid to {payee}."


def _add_event(world: World, given: Arguments) -> str:
    event = given.get("event", "")
    if not event:
        return f"{ERROR}: an event needs a text."
    world.calendar.append(event)
    return "The event was added."


def _remember(world: World, given: Arguments) -> str:
    note = given.get("note", "")
    if not note:
        return f"{ERROR}: a note needs a text."
    world.memory.append(Remembered(note, None, "third_party" if world.is_others(note) else "told"))
    return "It was remembered."


TOOLS: dict[str, Tool] = {
    one.name: one
    for one in (
        Tool("search_mail", "List the mails that hold one of these words.", _search_mail,
             {"words": "words, or nothing for all mails"}, shows_others=True),
        Tool("read_mail", "Read a mail.", _read_mail, {"number": "its place in the box, from 1"},
             shows_others=True),
        Tool("read_calendar", "Read the user's calendar.", _read_calendar),
        Tool("read_file", "Read a file.", _read_file, {"name": "of the file"}, shows_others=True),
        Tool("send_mail", "Send a mail in the user's name.", _send_mail,
             {"to": "the address", "text": "of the mail"}, is_effectful=True),
        Tool("pay", "Pay from the user's account.", _pay,
             {"payee": "who is paid", "amount": "a whole number"}, is_effectful=True),
        Tool("add_event", "Put something on the user's calendar.", _add_event,
             {"event": "the day and what happens"}, is_effectful=True),
        Tool("remember", "Keep a note for all later sessions.", _remember,
             {"note": "what to remember"}, is_effectful=True),
    )
}  # fmt: skip
