"""What `forwhom plan` says of a study of factors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from forwhom.studies.composition_plan import PlannedComposition

_ORDERS = {1: "of one layer", 2: "of two", 3: "of three", 4: "of four"}
_LISTED = 12


def print_composition(
    console: Console, planned: PlannedComposition, minutes: float | None = None, dollars: float | None = None
) -> None:
    """Systems, effects with their aliases, the smallest that is seen, and what the search can show.

    minutes, dollars: that the search takes at most, where they are known.
    """
    costs = [f"about {minutes:.0f} minutes"] if minutes is not None else []
    costs += [f"${dollars:,.2f}"] if dollars is not None else []
    console.print(
        f"\nLayers together: {planned.systems} systems of {planned.combinations} possible combinations"
        + (f"; the search may ask up to {planned.further:,} cells more" if planned.further else "")
        + (f" (at most {' and '.join(costs)})." if planned.further and costs else ".")
    )
    by_order: dict[int, list[str]] = {}
    for one in planned.effects:
        by_order.setdefault(one.order, []).append(one.effect)
    for order, names in by_order.items():
        clear = sum(1 for one in planned.effects if one.order == order and not one.aliases)
        console.print(
            f"Effects {_ORDERS.get(order, f'of {order}')}: {len(names)} estimable, {clear} of them told from "
            "all others up to the next order."
        )
    confused = [one for one in planned.effects if one.aliases]
    for one in confused[:_LISTED]:
        console.print(f"  {one.effect} cannot be told from {', '.join(one.aliases[:3])}"
                      + (f" and {len(one.aliases) - 3} more" if len(one.aliases) > 3 else ""))  # fmt: skip
    if len(confused) > _LISTED:
        console.print(f"  ... and {len(confused) - _LISTED} more effects (all with --format json)")
    if planned.lost:
        more = len(planned.lost) - _LISTED
        console.print(f"Not estimable: {', '.join(planned.lost[:_LISTED])}"
                      + (f" and {more} more." if more > 0 else "."))  # fmt: skip
    table = Table("probe", "smallest effects seen", "search for emergent combinations", box=None)
    for probe in planned.probes:
        seen = [f"{100 * size:.0f} points {_ORDERS.get(order, f'of {order}')}"
                for order, size in sorted(probe.smallest.items())]  # fmt: skip
        how = "users one after another, while it takes more" if probe.is_early else "all users at once"
        table.add_row(probe.probe, ", ".join(seen) or "none: too few users or items", probe.emergence or how)
    console.print(table)
