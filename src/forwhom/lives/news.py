"""What happens to a simulated user: a diagnosis, a divorce, a new job, from one session on."""

from __future__ import annotations

import random

from forwhom.probes.items import Item, load_items
from forwhom.users.attributes import attribute, catalogue
from forwhom.users.population import is_plausible
from forwhom.users.user import User


class News(Item):
    """A change of one attribute, and how the person tells it."""

    kind: str
    domain: str
    becomes: str
    said: str

    def can_happen(self, user: User) -> bool:
        """Whether the person has the ordinary level yet, and nothing that the new one excludes."""
        now = user.value(self.domain)
        is_ordinary = now is None or now == catalogue()[self.domain].levels[0].value
        others = [a for a in user.attributes if a.domain != self.domain]
        return (
            is_ordinary
            and now != self.becomes
            and all(is_plausible(self.domain, self.becomes, a.domain, a.value) for a in others)
        )

    def after(self, user: User) -> User:
        """The person as they are from then on."""
        kept = [a for a in user.attributes if a.domain != self.domain]
        return user.model_copy(update={"attributes": (*kept, attribute(self.domain, self.becomes))})


def all_news() -> tuple[News, ...]:
    return tuple(load_items("news.yaml", News, "forwhom.lives").values())


def news_for(user: User, draw: random.Random) -> News | None:
    """What happens to this person: each kind as likely as another, of what can; None if nothing can."""
    possible = [one for one in all_news() if one.can_happen(user)]
    if not possible:
        return None
    kind = draw.choice(sorted({one.kind for one in possible}))
    return draw.choice([one for one in possible if one.kind == kind])
