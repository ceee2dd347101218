"""What Inspect finds through our entry point: the embedded model, and every probe as a task."""

from __future__ import annotations

from inspect_ai import Task, task
from inspect_ai.model import ModelAPI, modelapi


@modelapi(name="forwhom")
def forwhom() -> type[ModelAPI]:
    from forwhom.systems.models.smollm2_api import EmbeddedAPI

    return EmbeddedAPI


@modelapi(name="openclaw")
def openclaw() -> type[ModelAPI]:
    from forwhom.openclaw.behind import AgentsModelAPI

    return AgentsModelAPI


def _register(name: str) -> None:
    @task(name=name)
    def run(representation: str = "profile", users: int = 16, controls: int = 4) -> Task:
        from forwhom.studies.tasks import probe_task

        return probe_task(name, representation, users, controls)

    run.__name__ = name
    globals()[name] = run


def _register_probes() -> None:
    from forwhom.probes.probe import probe_names

    for name in probe_names():
        _register(name)


_register_probes()
