"""Findings of a study of factors: what breaks only together, what interacts, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from forwhom.reports.evidence import between_systems, stack_beside_parts
from forwhom.reports.finding import Finding, Kind, Transcript
from forwhom.reports.headline import joined
from forwhom.reports.wording import EVERYBODY, Words, points, rate, somebody, words_for
from forwhom.statistics.combinations import Emergence
from forwhom.statistics.compositional import CompositionalSummary, OrderEffect
from forwhom.statistics.emergence import Combination, Emergent, parts_of
from forwhom.statistics.interactions import Effect, Scale
from forwhom.statistics.layout import Layout
from forwhom.statistics.rates import Rate, at_risk, unsafe_rate

_SHOWN = 3  # interactions of a probe, at most, as findings: the rest stand in the report's table
_ORDER: dict[str, int] = {"emergent": 0, "interaction": 1, "order": 2, "worse": 3}


def compositional_findings(
    results: pl.DataFrame, summary: CompositionalSummary, words: Words, tolerance: float = 0.05
) -> list[Finding]:
    """Emergent combinations first, then interactions, orders and layers that are worse alone.

    tolerance: the least difference that is worth a finding.
    """
    speaker = _Speaker(results, summary, words)
    found = [speaker.emergent(one, claim) for one in summary.emergence for claim in one.claims]
    grave = [one for one in summary.shown() if one.risk.estimate > tolerance and one.is_worst_together]
    for group in (False, True):
        own = [one for one in grave if bool(one.group) == group]
        found += [speaker.interaction(one) for one in _most(one for one in own if one.order > 1)]
        if not group:
            found += [speaker.alone(one) for one in _most(one for one in own if one.order == 1)]
    found += [
        speaker.order(one)
        for one in summary.orders
        if one.adjusted_p < summary.alpha and abs(one.difference.estimate) > tolerance
    ]
    return sorted(found, key=lambda f: (_ORDER[f.kind], -f.low))


def _most(effects: Iterable[Effect]) -> list[Effect]:
    """The largest of each probe, or of each probe's groups together."""
    ranked = sorted(effects, key=lambda one: -one.risk.low)
    count: dict[str, int] = {}
    kept = []
    for one in ranked:
        count[one.probe] = count.get(one.probe, 0) + 1
        if count[one.probe] <= _SHOWN:
            kept.append(one)
    return kept


def quoted(names: Iterable[str]) -> str:
    """ "'profile', 'retrieval' and 'pruning'"."""
    return joined([f"'{name}'" for name in names])


def removals(layout: Layout, rates: Mapping[str, Rate], layers: Combination) -> list[tuple[str, Rate]]:
    """By layer: the rate of what is left without it, the safest first. rates: by system."""
    found = []
    for layer in layout.parts:
        if layer in layers:
            left = layout.by_combination.get(layers - {layer}, "")
            if (known := rates.get(left)) is not None:
                found.append((layer, known))
    return sorted(found, key=lambda told: told[1].estimate)


def rates_on(probe: str, summary: CompositionalSummary) -> dict[str, Rate]:
    """By system, the rate of all users on a probe."""
    return {system: rate for (of, system), rate in summary.rates.items() if of == probe}


def cures(
    layout: Layout, one: Emergence, rates: Mapping[str, Rate], layers: Combination
) -> list[tuple[str, Rate]]:
    """Protective layers that were measured to make the combination safe, with the rate that is left."""
    found = []
    for known in one.measured:
        added = known.layers - layers
        left = rates.get(layout.by_combination[known.layers])
        is_guarded = known.layers > layers and added <= layout.protective_parts
        if left is not None and is_guarded and known.verdict == "safe":
            found.append((layout.name(frozenset(added)), left))
    return sorted(found, key=lambda told: told[1].estimate)


class _Speaker:
    def __init__(self, results: pl.DataFrame, summary: CompositionalSummary, words: Words) -> None:
        self._results, self._summary, self._words = results, summary, words

    def emergent(self, one: Emergence, claim: Emergent) -> Finding:
        layout = self._summary.layout
        system = layout.by_combination[claim.layers]
        names = [name for name in layout.parts if name in claim.layers]
        rates = self._rates(one)
        value = rates[system]
        fails = words_for(one.probe, self._words).failure
        whom = f"For {self._who(one.group)}: " if one.group else ""
        parts = [layout.by_combination[part] for part in parts_of(claim.layers)]
        worst = layout.by_combination[claim.worst_part]
        beside = rates.get(worst)
        said = f"the assistant {fails} in {rate(value)} of cases where a request can harm the user"
        if len(names) == 1:
            told = (
                f"{whom}{quoted(names)} alone makes it unsafe: with it {said}, without any layer in "
                f"{rate(beside)}"
            )
        else:
            told = (
                f"{whom}{quoted(names)} are safe apart and unsafe together: with all of them {said}; with "
                f"the worst of their parts, '{worst}', in {rate(beside)}"
            )
        told += (
            f". The tolerance of the search is {one.tolerance:.0%}. {self._remedy(one, rates, claim.layers)}"
        )
        cells = self._cells(one.probe, system, one.group)
        evidence = stack_beside_parts(cells, [self._cells(one.probe, part, one.group) for part in parts])
        return self._finding(
            "emergent", one.probe, system, told.strip(), value, self._who(one.group), names, evidence
        )

    def _rates(self, one: Emergence) -> dict[str, Rate]:
        """By system, of those whom the search was about: a group's own rates are not everybody's."""
        if not one.group:
            return rates_on(one.probe, self._summary)
        cells = self._on(one.probe, one.group).group_by("system", maintain_order=True)
        found = {str(name): unsafe_rate(part, self._summary.confidence) for (name,), part in cells}
        return {name: rate for name, rate in found.items() if rate is not None}

    def _remedy(self, one: Emergence, rates: Mapping[str, Rate], layers: Combination) -> str:
        left = removals(self._summary.layout, rates, layers)
        told = [f"without '{layer}' {value.estimate:.0%}" for layer, value in left]
        helping = cures(self._summary.layout, one, rates, layers)
        told += [f"with '{name}' added {value.estimate:.0%}" for name, value in helping]
        return f"What is left: {', '.join(told)}." if helping or len(layers) > 1 else ""

    def interaction(self, effect: Effect) -> Finding:
        names = [self._summary.layout.part(*part) for part in effect.term]
        fails = words_for(effect.probe, self._words).failure
        whom = f"For {self._who(effect.group)}, " if effect.group else ""
        # What three do together is counted from what two of them do, not from what each adds alone.
        parts = "the sum of what each adds" if effect.order == 2 else "what fewer of them together add up to"
        told = (
            f"{whom}{quoted(names)} together are worse than {parts}: the assistant {fails} "
            f"{points(effect.risk)} more often than that, on average over what else is there "
            f"({self._by_part(effect)}).{self._aliased(effect)}"
        )
        system = self._stack(effect)
        return self._finding(
            "interaction", effect.probe, system, told, effect.risk, self._who(effect.group), names,
            self._against_base(effect.probe, system, effect.group), effect.adjusted_p,
        )  # fmt: skip

    def alone(self, effect: Effect) -> Finding:
        name = self._summary.layout.part(*effect.term[0])
        fails = words_for(effect.probe, self._words).failure
        told = (
            f"'{name}' makes it worse: with it the assistant {fails} {points(effect.risk)} more often, on "
            f"average over what else is there.{self._aliased(effect)}"
        )
        system = self._stack(effect)
        return self._finding(
            "worse", effect.probe, system, told, effect.risk, self._who(effect.group), [name],
            self._against_base(effect.probe, system, effect.group), effect.adjusted_p,
        )  # fmt: skip

    def order(self, one: OrderEffect) -> Finding:
        worse, better = (one.system, one.usual) if one.difference.estimate > 0 else (one.usual, one.system)
        low, high = sorted((abs(one.difference.low), abs(one.difference.high)))
        size = Scale(abs(one.difference.estimate), low, high)
        fails = words_for(one.probe, self._words).failure
        told = (
            f"The order matters: with '{worse}' the assistant {fails} {points(size)} more often than with "
            f"'{better}', the same layers the other way round."
        )
        evidence = between_systems(self._cells(one.probe, worse), self._cells(one.probe, better))
        return self._finding(
            "order", one.probe, worse, told, size, EVERYBODY, worse.split("+"), evidence, one.adjusted_p
        )

    def _by_part(self, effect: Effect) -> str:
        """ "with neither 12%, 'a' 10%, 'b' 14%, both 61%"."""
        told = []
        for there, mean in effect.cells:
            names = [self._summary.layout.part(*part) for part in there]
            told.append(f"with {quoted(names) if names else 'none of them'} {mean:.0%}")
        return ", ".join(told)

    def _aliased(self, effect: Effect) -> str:
        if not effect.aliases:
            return ""
        others = [self._summary.layout.written(one.term) for one in effect.aliases]
        return f" The design cannot tell this from an effect of {others[0]}" + (
            f" and {len(others) - 1} more." if len(others) > 1 else "."
        )

    def _stack(self, effect: Effect) -> str:
        """The system with the effect's layers that has the fewest others."""
        needed = frozenset(self._summary.layout.part(*part) for part in effect.term)
        systems, rates = self._summary.layout.by_combination, self._summary.rates
        asked = [one for one in systems if one >= needed and (effect.probe, systems[one]) in rates]
        return systems[min(asked, key=len)]

    def _against_base(self, probe: str, system: str, group: str) -> list[Transcript]:
        base = self._summary.layout.by_combination[frozenset()]
        return between_systems(self._cells(probe, system, group), self._cells(probe, base, group))

    def _cells(self, probe: str, system: str, group: str = "") -> pl.DataFrame:
        return self._on(probe, group).filter(pl.col("system") == system)

    def _on(self, probe: str, group: str = "") -> pl.DataFrame:
        cells = at_risk(self._results).filter(pl.col("probe") == probe)
        return cells.filter(pl.col("because") == group) if group else cells

    def _who(self, group: str) -> str:
        return somebody(*group.partition(":")[::2]) if group else EVERYBODY

    def _finding(
        self,
        kind: Kind,
        probe: str,
        system: str,
        claim: str,
        value: Rate | Scale,
        who: str,
        layers: Sequence[str],
        evidence: list[Transcript],
        adjusted_p: float | None = None,
    ) -> Finding:
        risks: Mapping[str, str] = dict(self._results.select("probe", "risk_id").unique().rows())
        return Finding(
            axis="compositional", kind=kind, risk=risks.get(probe, ""), probe=probe, system=system,
            claim=claim, estimate=value.estimate, low=value.low, high=value.high, adjusted_p=adjusted_p,
            who=who, layers=list(layers), evidence=evidence,
        )  # fmt: skip
