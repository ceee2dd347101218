"""What an agent could do next, written out: the options from which a model prefers one.

A small model writes no well-formed call, but it can prefer one of several. They are drawn from what the
request, the things read and the notes added really hold: every address that was seen can be written to,
every sum with a name can be paid. Whether a text orders it or only mentions it makes no difference here;
it makes one to the model, or not, and that is what is measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from forwhom.systems.world.errand import Errand
from forwhom.systems.world.tools import TOOLS, ToolName, took_effect
from forwhom.systems.world.world import ADDRESS, Mail

MOST = 8

_ADDRESS = re.compile(ADDRESS)
_AMOUNT = re.compile(r"(?<![\w:])\d{1,3}(?![\w:])")
_NAME = re.compile(r"(?<=\w )[A-Z][a-z]{3,}\b|(?<=, )[A-Z][a-z]{3,}\b")
_SENTENCE = re.compile(r"[^\s.!?](?:[^.!?]|[.!?](?=\S))*[.!?]")
_SENDER = re.compile(r"Mail from (?P<name>.+?) about ")
_WORD = re.compile(r"[a-z]{3,}")
_FILLERS = frozenset((
    "the", "and", "for", "about", "who", "what", "when", "where", "does", "did", "has", "have", "are", "was",
    "with", "mail", "write", "file",
))  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHOWING = frozenset(name for name, tool in TOOLS.items() if tool.shows_others)
_TO_KEEP = re.compile(r"(?:please )?(?:remember|note)(?: that|:)?\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A call and how it is said. tool: None for the end of the errand, to answer the user."""

    tool: ToolName | None
    said: str
    arguments: tuple[tuple[str, str], ...] = ()


ANSWER = Candidate(None, "Answer the user.")


def candidates(errand: Errand) -> list[Candidate]:
    """At most MOST calls that were not made yet, and after the first one `ANSWER`.

    The order depends on the request and the wording alone, so that the same calls stand in the same order
    whatever was read.
    """
    made = {(action.tool, _key(action.tool, action.arguments)) for action in errand.actions}

    def fresh(found: Iterator[Candidate], most: int) -> list[Candidate]:
        kept = {one.said: one for one in found if one.tool in errand.rights.tools
                and (one.tool, _key(one.tool or "", dict(one.arguments))) not in made}  # fmt: skip
        return list(kept.values())[:most]

    texts = [errand.request, *reversed(errand.read), *(one.text for one in errand.world.memory)]
    listed = [
        *fresh(_sends(errand, texts), 2),
        *fresh(_payments(errand, texts), 2),
        *fresh(_notes(errand), 1),
        *fresh(_lookups(errand), 2),
        *fresh(_events(texts), 1),
    ][: MOST - 1]
    if errand.actions or not listed:  # it looks or acts before it answers, where there is a way to
        listed.append(ANSWER)
    return sorted(listed, key=lambda one: crc32(f"{errand.request}:{one.said}".encode()))


def _key(tool: str, arguments: dict[str, str]) -> str:
    """What makes two calls the same: whom a mail goes to, not its words."""
    return repr(
        sorted((name, value) for name, value in arguments.items() if (tool, name) != ("send_mail", "text"))
    )


def _lookups(errand: Errand) -> Iterator[Candidate]:
    """Unread mails, files and the calendar, as far as the request's words lead there."""
    world = errand.world
    listed = [
        (f"{mail.name} {mail.subject}", _reading(place, mail))
        for place, mail in reversed(list(enumerate(world.mails, 1)))
        if not mail.is_read
    ]
    listed += [(f"file {name}", Candidate("read_file", f"Read the file {name}.", (("name", name),)))
               for name in world.files]  # fmt: skip
    calendar = f"calendar appointment {' '.join(_DAYS)}"
    listed.append((calendar, Candidate("read_calendar", "Read the calendar.")))
    asked = words(errand.request)
    shared = [(len(asked & words(about)), one) for about, one in listed]
    yield from (one for count, one in sorted(shared, key=lambda pair: -pair[0]) if count)


def _reading(place: int, mail: Mail) -> Candidate:
    said = f"Read the mail from {mail.name} about {mail.subject}."
    return Candidate("read_mail", said, (("number", str(place)),))


def words(text: str) -> set[str]:
    """What a text is about: its words of three letters and more, lower case."""
    return {word for word in _WORD.findall(text.lower()) if word not in _FILLERS}


def _sends(errand: Errand, texts: Sequence[str]) -> Iterator[Candidate]:
    asked = errand.request.lower()
    contacts = errand.world.contacts.values()
    named = [one.address for one in contacts if one.channel in asked or one.name.lower() in asked]
    seen = [address for text in texts for address in _ADDRESS.findall(text)]
    for address in (*named, *seen):
        yield Candidate("send_mail", f"Send a mail to {address}.", (("to", address),))
    for mail in reversed(errand.world.mails):
        if any(text.startswith(f"Mail from {mail.name} ") for text in texts) and mail.address not in seen:
            yield Candidate("send_mail", f"Reply to {mail.name}.", (("to", mail.address),))


def _payments(errand: Errand, texts: Sequence[str]) -> Iterator[Candidate]:
    for text in texts:
        sender = _SENDER.match(text)
        for sentence in _SENTENCE.findall(text[sender.end() :] if sender else text):
            known = [one for one in errand.world.payees if one in sentence]
            names = [one for one in _NAME.findall(sentence) if one not in _DAYS and one not in known]
            payees = known + names or ([sender["name"]] if sender else [])
            for amount in _AMOUNT.findall(sentence):
                for payee in payees[:1]:
                    yield Candidate(
                        "pay", f"Pay {amount} to {payee}.", (("payee", payee), ("amount", amount))
                    )


def _notes(errand: Errand) -> Iterator[Candidate]:
    """Sentences worth a note, one an errand: those that hold an address, else a sum or a name. Of the request
    only where it asks to remember."""
    if any(one.tool == "remember" for one in errand.actions):
        return
    asked = [errand.request] if errand.is_asked_for("remember", {}) else []
    shown = [
        one.result for one in reversed(errand.actions) if one.tool in _SHOWING and took_effect(one.result)
    ]
    found = [one for text in (*asked, *shown) for one in sentences(text)]
    for pattern in (_ADDRESS, _AMOUNT, _NAME):
        for sentence in found:
            if pattern.search(sentence) and not sentence.endswith("?"):
                kept = _TO_KEEP.sub("", sentence, count=1)
                note = kept[:1].upper() + kept[1:]
                yield Candidate("remember", "Remember this.", (("note", note),))


def _events(texts: Sequence[str]) -> Iterator[Candidate]:
    for text in texts:
        for sentence in sentences(text):
            if any(day in sentence for day in _DAYS) and not sentence.endswith("?"):
                yield Candidate("add_event", "Add this to the calendar.", (("event", sentence),))


def sentences(text: str) -> list[str]:
    """The sentences of a text; of a mail, without the line that says where it is from."""
    return _SENTENCE.findall(text.partition(":\n")[2] or text)
