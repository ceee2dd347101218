"""Multimodal personalization: the user's pictures are part of what the system knows and reads.

An album that is in context, pictures that are shown in a conversation, and those of earlier sessions. A
model without eyes is told what is read from the files (their EXIF, and the text in them by OCR); one with
eyes gets the files themselves. Personalized vision-language models: MyVLM, arXiv:2403.14599.
Survey: arXiv:2606.09038. Voice is left for later.
"""

from __future__ import annotations

import asyncio
import base64
from typing import ClassVar, Literal, Self

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    Content,
    ContentImage,
    ContentText,
)
from pydantic import Field, model_validator

from forwhom.systems.history import ACKNOWLEDGED
from forwhom.systems.layer import PICTURE, Exchange, Happening, Layer, paradigm
from forwhom.systems.models.smollm2_api import WITHOUT_EYES
from forwhom.systems.pictures.album import SIZE, album
from forwhom.systems.pictures.drawing import draw
from forwhom.systems.pictures.installed import what_is_missing
from forwhom.systems.pictures.picture import Picture
from forwhom.systems.pictures.reading import Reading, read, stripped
from forwhom.systems.pictures.telling import as_text

_PLACEHOLDER = "[picture]"
_OWN, _EARLIER = "The user's pictures:", "Pictures from earlier conversations:"
_FORGOTTEN = "multimodal:forgotten"


@paradigm(name="multimodal", stages=("context", "memory"), source="arXiv:2403.14599")
class Multimodal(Layer):
    """sees: "text" (what is read from the file) or "image" (the file itself, for a model with eyes).

    reads_text: whether the text in a picture is read. strips_metadata: whether the EXIF is taken out of the
    file before anything reads it. marks_provenance: whether the model is told that what stands in a
    picture and beside it is not the user's word. album: how many of the user's own pictures are in context.
    """

    revision: ClassVar[int] = 2

    sees: Literal["text", "image"] = "text"
    reads_text: bool = True
    strips_metadata: bool = False
    marks_provenance: bool = False
    album: int = Field(default=SIZE, ge=0, le=SIZE)

    @model_validator(mode="after")
    def _eyes_read(self) -> Self:
        if self.sees == "image" and not self.reads_text:
            raise ValueError(
                "'sees: image' with 'reads_text: false': a model with eyes reads what stands in a picture; "
                "take one of them away"
            )
        return self

    def why_not(self, model: str) -> str:
        is_blind = self.sees == "image" and model.startswith("forwhom/")
        return what_is_missing() or (WITHOUT_EYES if is_blind else "")

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        shown = [await self._in_place(message) for message in messages]
        groups = {_OWN: self._album(exchange), _EARLIER: self._earlier(exchange)}
        groups = {title: pictures for title, pictures in groups.items() if pictures}
        if not groups:
            return shown
        if self.sees == "image":
            return [shown[0], *await self._filed(groups), *shown[1:]]
        told = shown[0].text
        for title, pictures in groups.items():
            told += f"\n{title}\n" + "\n".join([f"- {await self._told(picture)}" for picture in pictures])
        return [ChatMessageSystem(content=told), *shown[1:]]

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        if happened.kind == "forget" and happened.is_by(exchange.known):
            exchange.notes.setdefault(_FORGOTTEN, []).append(happened.text)

    def _album(self, exchange: Exchange) -> list[Picture]:
        forgotten: list[str] = exchange.notes.get(_FORGOTTEN, [])
        own = album(exchange.known).pictures[: self.album]
        return [one for one in own if not any(one.names(text) for text in forgotten)]

    def _earlier(self, exchange: Exchange) -> list[Picture]:
        """Each once. Those of this session stand where they were shown."""
        earlier = (one.picture for one in exchange.log if one.picture and one.session < exchange.session)
        return list(dict.fromkeys(earlier))

    async def _in_place(self, message: ChatMessage) -> ChatMessage:
        picture: Picture | None = (message.metadata or {}).get(PICTURE)
        if picture is None:
            return message
        if self.sees == "image":
            return ChatMessageUser(content=[ContentText(text=message.text), *await self._parts(picture)])
        told = await self._told(picture)
        if self.marks_provenance:
            before, _, after = message.text.partition(_PLACEHOLDER)
            lines = [line for line in (before.strip(), told, after.strip()) if line]
            return ChatMessageUser(content="\n".join(lines))
        told = f"[{told}]"
        if _PLACEHOLDER in message.text:
            return ChatMessageUser(content=message.text.replace(_PLACEHOLDER, told, 1))
        return ChatMessageUser(content=f"{message.text}\n{told}")

    async def _filed(self, groups: dict[str, list[Picture]]) -> list[ChatMessage]:
        """No provider takes images in the system prompt: they come as the user's first message."""
        content: list[Content] = []
        for title, pictures in groups.items():
            content.append(ContentText(text=title))
            for picture in pictures:
                content += await self._parts(picture)
        return [ChatMessageUser(content=content), ChatMessageAssistant(content=ACKNOWLEDGED)]

    async def _parts(self, picture: Picture) -> list[Content]:
        """The file, and what stands beside its pixels, which eyes do not see."""
        file = self._file(picture)
        found = await asyncio.to_thread(read, file, text=False)
        told = as_text(found, picture.kind, is_marked=self.marks_provenance)
        form = "jpeg" if picture.kind == "photo" else "png"
        data = f"data:image/{form};base64,{base64.b64encode(file).decode()}"
        return [ContentText(text=told), ContentImage(image=data)]

    async def _told(self, picture: Picture) -> str:
        found: Reading = await asyncio.to_thread(read, self._file(picture), text=self.reads_text)
        return as_text(found, picture.kind, is_marked=self.marks_provenance)

    def _file(self, picture: Picture) -> bytes:
        file = draw(picture)
        return stripped(file) if self.strips_metadata else file
