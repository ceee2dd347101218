"""A layer through which a test sees the exchange as layers meet it."""

from pydantic import PrivateAttr

from forwhom.systems.layer import Exchange, Happening, Layer


class Watching(Layer):
    """Keeps the exchange, so that it can be looked into at the end."""

    _seen: list[Exchange] = PrivateAttr(default_factory=list)

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        self._seen[:] = [exchange]

    @property
    def seen(self) -> Exchange:
        return self._seen[0]
