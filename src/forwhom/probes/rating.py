"""Feedback as an event: of two answers to a prompt, which was rated best, and by whom."""

from __future__ import annotations

from forwhom.probes.scenario import Actor, Event, Option


def rated(prompt: str, chosen: str, rejected: str, actor: Actor = "user", actor_id: str = "") -> Event:
    options = (Option(role="chosen", text=chosen), Option(role="rejected", text=rejected))
    return Event(kind="feedback", actor=actor, actor_id=actor_id, text=prompt, options=options)
