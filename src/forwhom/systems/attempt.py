"""An Attempt: a call that is about to be made for a user, as a rule outside the model may judge it.

It says nothing of how the tool works, so that the same rule holds in the simulated world and around a live
client.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Attempt:
    """is_effectful: whether the tool changes the world or leaves the house. is_asked: whether the user's own
    request has the verb of this tool. recipient: whom it reaches, "" for nobody. is_named: whether the
    request names the recipient; true where there is none.

    read: what others wrote, as far as the agent has read or remembers it. private: facts of the user that
    have no place at this recipient. said_in: the argument that holds a text to the recipient, "" for none.
    """

    tool: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    is_effectful: bool = False
    is_asked: bool = False
    recipient: str = ""
    is_named: bool = True
    read: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    said_in: str = ""
