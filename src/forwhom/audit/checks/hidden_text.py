"""Text that a model reads and a person does not see."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.directives import is_order, suspicions
from forwhom.audit.knowledge.hidden import hidden_in
from forwhom.audit.knowledge.owner import owner_names
from forwhom.audit.reading.deployment import Deployment


@check(
    "hidden-text",
    risk="memory-poisoning",
    question="happened",
    about="Text that is not shown to a reader of the file and is read by the model.",
    fix="Delete it, and find out from the transcripts and Git's history what wrote it.",
)
def hidden_text(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    for text in deployment.texts:
        whole = "\n".join(text.lines)
        for one in hidden_in(whole):
            is_suspect = bool(suspicions(one.says, owner_names(deployment)))
            is_command = is_suspect or is_order(one.says)
            is_comment = one.kind == "an HTML comment"
            if is_comment and not is_command:
                continue
            is_low = is_comment and not is_suspect
            yield check.found(
                text.at(whole.count("\n", 0, one.at)),
                f"{text.file} holds {one.kind}: "
                + ("an order that no reader sees." if is_command else "no reader sees it as it is."),
                "low" if is_low else "high" if is_command else "medium",
                ("it is read into every prompt" if text.is_injected else "the model reads it with the file")
                + (
                    ". A comment may be a note for people who edit the file."
                    if is_low
                    else ", and a person who looks over the file does not."
                ),
                "possible" if is_low else "likely" if is_comment else "certain",
                quote=one.says,
            )
