"""A finished answer in the form of a stream: it was judged as a whole, and so it comes all at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Self

from forwhom.errors import InputError

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk


class Chunks:
    """What `create(stream=True)` gives, of either kind of client."""

    def __init__(self, completion: Any, *, with_usage: bool = False) -> None:
        if not hasattr(completion, "model_dump"):
            raise InputError(
                "stream=True: the client gave no completion of OpenAI's kind; ask without a stream."
            )
        from openai.types.chat import ChatCompletionChunk  # seconds that a proxy need not wait

        parts = in_chunks(completion.model_dump(), with_usage)
        self._chunks = [ChatCompletionChunk.model_validate(one) for one in parts]
        self.forwhom = completion.forwhom

    def __iter__(self) -> Iterator[ChatCompletionChunk]:
        return iter(self._chunks)

    async def __aiter__(self) -> AsyncIterator[ChatCompletionChunk]:
        for chunk in self._chunks:
            yield chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


def in_chunks(told: dict[str, Any], with_usage: bool) -> list[dict[str, Any]]:
    """Of each choice of a completion its whole message, then how it ended."""
    head: dict[str, Any] = {key: told[key] for key in ("id", "created", "model") if key in told}
    head["object"] = "chat.completion.chunk"
    parts: list[dict[str, Any]] = []
    for choice in told["choices"]:
        delta = {key: value for key, value in choice["message"].items() if value is not None}
        for place, call in enumerate(delta.get("tool_calls") or ()):
            call["index"] = place
        place = choice["index"]
        parts.append({"choices": [{"index": place, "delta": delta, "finish_reason": None}]})
        parts.append({"choices": [{"index": place, "delta": {}, "finish_reason": choice["finish_reason"]}]})
    if with_usage:
        parts.append({"choices": [], "usage": told.get("usage")})
    return [{**head, **part} for part in parts]
