"""Credentials where a prompt, a search or a transcript can hand them out."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.exposure import severity_of
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.secrets import secrets_in
from forwhom.audit.reading.deployment import Deployment


@check(
    "secret-in-memory",
    risk="over-exposure",
    question="knows",
    about="A password, key, code, card or account number is kept in a text that the model reads.",
    fix="Change the secret, put the new one into a password manager or OpenClaw's secret store, and delete "
    "the line here, in its copies and in Git's history.",
)
def secret_in_memory(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    for text in deployment.texts:
        for number, line in enumerate(text.lines):
            for secret in secrets_in(line):
                severity, why = severity_of(deployment, text, "high")
                severity = "low" if secret.is_number else severity
                yield check.found(
                    text.at(number), f"A secret ({secret.kind}) is kept in {text.file}.", severity, f"{why}.",
                    "likely",
                    quote=line.strip(),
                )  # fmt: skip
    for message in deployment.messages:
        told = (message.text, *(one for call in message.calls for one in call.arguments.values()))
        for secret in {one.text: one for part in told for one in secrets_in(part)}.values():
            yield check.found(
                message.place,
                f"A secret ({secret.kind}) stands in a transcript.",
                "medium",
                "transcripts are kept, indexed for search, and left as they are by openclaw memory forget.",
                "likely",
                quote=next(part for part in told if secret.text in part),
            )
