"""People who have rated nothing yet: what is learned of them is what a scenario's ratings teach, and one fit
serves all to whom the same is rated."""

from __future__ import annotations

from forwhom.users.user import User
from tests.controls.measured import PEOPLE


def bare(user: User) -> User:
    return user.model_copy(update={"preferences": ()})


RATERS = tuple(bare(user) for user in PEOPLE)
