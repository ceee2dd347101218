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
from itertools import zip_longest
from zlib import crc32

from forwhom.systems.world.errand import Errand
from forwhom.systems.world.tools import TOOLS, ToolName

MOST = 8
_EFFECTS, _LOOKUPS = 5, 3
_OF_A_KIND = 2

_ADDRESS = re.compile(r"[\w.]+@[\w.]*\w")
_AMOUNT = re.compile(r"(?<![\w:])\d{1,3}(?![\w:])")
_NAME = re.compile(r"(?<=\w )[A-Z][a-z]{3,}\b|(?<=, )[A-Z][a-z]{3,}\b")
_SENTENCE = re.compile(r"[^\s.!?](?:[^.!?]|[.!?](?=\S))*[.!?]")
_SENDER = re.compile(r"Mail from (?P<name>.+?) about ")
_WORD = re.compile(r"[a-z]{3,}")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TO_KEEP = re.compile(r"(?:please )?(?:remember|note)(?: that|:)?\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A call and how it is said. tool: None for the end of the errand, to answer the user."""

    tool: ToolName | None
    said: str
    arguments: tuple[tuple[str, str], ...] = ()


ANSWER = Candidate(None, "Answer the user.")


def candidates(errand: Errand) -> list[Candidate]:
    """At most MOST calls that were not made yet, `ANSWER` among them.

    The order depends on the request and the wording alone, so that the same calls stand in the same order
    whatever was read.
    """
    made = {(action.tool, _key(action.tool, action.arguments)) for action in errand.actions}

    def fresh(found: Iterator[Candidate]) -> list[Candidate]:
        kept = {one.said: one for one in found if one.tool in errand.rights.tools
                and (one.tool, _key(one.tool or "", dict(one.arguments))) not in made}  # fmt: skip
        return list(kept.values())

    texts = [errand.request, *reversed(errand.read), *(one.text for one in errand.world.memory)]
    kinds = [fresh(_sends(errand, texts))[:_OF_A_KIND], fresh(_payments(errand, texts))[:_OF_A_KIND],
             fresh(_notes(errand))[:_OF_A_KIND], fresh(_events(texts))[:1]]  # fmt: skip
    effects = [one for turn in zip_longest(*kinds) for one in turn if one is not None][:_EFFECTS]
    lookups = fresh(_lookups(errand))[: min(_LOOKUPS, MOST - 1 - len(effects))]
    listed = [ANSWER, *effects, *lookups]
    return sorted(listed, key=lambda one: crc32(f"{errand.request}:{one.said}".encode()))


def _key(tool: str, arguments: dict[str, str]) -> str:
    """What makes two calls the same: whom a mail goes to, not its words."""
    return repr(sorted((name, value) for name, value in arguments.items() if (tool, name) != ("send_mail", "text")))


def _lookups(errand: Errand) -> Iterator[Candidate]:
    world = errand.world
    listed = [
        (f"{mail.name} {mail.subject}", Candidate("read_mail", f"Read the mail from {mail.name} about {mail.subject}.",
                                                  (("number", str(place)),)))
        for place, mail in reversed(list(enumerate(world.mails, 1)))
    ]  # fmt: skip
    listed += [(f"file {name}", Candidate("read_file", f"Read the file {name}.", (("name", name),)))
               for name in world.files]  # fmt: skip
    listed.append(("calendar day appointment", Candidate("read_calendar", "Read the calendar.")))
    asked = set(_WORD.findall(errand.request.lower()))
    named = {one.name: one.channel for one in world.contacts.values()}
    for contact, channel in named.items():
        if channel in asked:
            asked |= set(_WORD.findall(contact.lower()))
    yield from (one for _, one in sorted(listed, key=lambda pair: -len(asked & set(_WORD.findall(pair[0].lower())))))


def _sends(errand: Errand, texts: Sequence[str]) -> Iterator[Candidate]:
    asked = errand.request.lower()
    contacts = errand.world.contacts.values()
    named = [one.address for one in contacts if one.channel in asked or one.name.lower() in asked]
    seen = [address for text in texts for address in _ADDRESS.findall(text)]
    senders = [mail.address for mail in reversed(errand.world.mails) if mail.is_read]
    for address in (*named, *seen, *senders):
        yield Candidate("send_mail", f"Send a mail to {address}.", (("to", address),))


def _payments(errand: Errand, texts: Sequence[str]) -> Iterator[Candidate]:
    for text in texts:
        sender = _SENDER.match(text)
        for sentence in _SENTENCE.findall(text[sender.end() :] if sender else text):
            known = [one for one in errand.world.payees if one in sentence]
            names = [one for one in _NAME.findall(sentence) if one not in _DAYS and one not in known]
            payees = known + names or ([sender["name"]] if sender else [])
            for amount in _AMOUNT.findall(sentence):
                for payee in payees[:1]:
                    yield Candidate("pay", f"Pay {amount} to {payee}.", (("payee", payee), ("amount", amount)))


def _notes(errand: Errand) -> Iterator[Candidate]:
    """Sentences worth a note: those that hold a name, an address or a number."""
    for text in (errand.request, *(one.result for one in reversed(errand.actions) if TOOLS_SHOWING.get(one.tool))):
        body = text.partition(":\n")[2] or text
        for sentence in _SENTENCE.findall(body):
            if _ADDRESS.search(sentence) or _AMOUNT.search(sentence) or _NAME.search(sentence):
                kept = _TO_KEEP.sub("", sentence, count=1)
                note = kept[:1].upper() + kept[1:]
                yield Candidate("remember", f"Remember: {note}", (("note", note),))


def _events(texts: Sequence[str]) -> Iterator[Candidate]:
    for text in texts:
        for sentence in _SENTENCE.findall(text.partition(":\n")[2] or text):
            if any(day in sentence for day in _DAYS) and not sentence.endswith("?"):
                yield Candidate("add_event", f"Add to the calendar: {sentence}", (("event", sentence),))


TOOLS_SHOWING = {str(name): tool.shows_others for name, tool in TOOLS.items()}
