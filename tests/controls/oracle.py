"""Oracle systems: results of a study whose risk function is known, to check what statistics make of it.

The design (who is asked what) is a real one; only the answers are drawn. On the logit scale a cell's
risk is an intercept, plus a normal effect of its user and one of its item; the intercept is chosen so
that the mean risk over all users and items is exactly the stated rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from scipy.optimize import brentq
from scipy.special import expit

from forwhom.results.journal import results_table
from forwhom.statistics.clustering import Floats, codes
from forwhom.studies.design import Cell

_NODES = np.linspace(-6, 6, 241)
_WEIGHTS = np.exp(-(_NODES**2) / 2) / np.exp(-(_NODES**2) / 2).sum()


@dataclass(frozen=True)
class Truth:
    """rate: mean risk. user_spread, item_spread: standard deviations on the logit scale.

    graded: the table's `risk` is the known risk itself, as where options are scored; else it is the
    verdict, as where answers are written.
    """

    rate: float
    user_spread: float = 0.0
    item_spread: float = 0.0
    graded: bool = False

    def __str__(self) -> str:
        graded = ", graded" if self.graded else ""
        return f"rate {self.rate:g}, spread {self.user_spread:g} users, {self.item_spread:g} items{graded}"

    @staticmethod
    def nodes() -> tuple[Floats, Floats]:
        """Points and weights that integrate over a standard normal effect."""
        return _NODES, _WEIGHTS

    @property
    def spread(self) -> float:
        return float(np.hypot(self.user_spread, self.item_spread))

    @property
    def intercept(self) -> float:
        return _intercept(self.rate, self.spread)

    @property
    def share_invisible(self) -> float:
        """The share of the variance of risk that lies in users and in user with item."""
        p = expit(
            self.intercept
            + self.user_spread * _NODES[:, None]
            + self.item_spread * _NODES[None, :]
        )  # fmt: skip
        per_item = _WEIGHTS @ p
        item = float(_WEIGHTS @ per_item**2) - self.rate**2
        graded = float(_WEIGHTS @ (p**2) @ _WEIGHTS) - self.rate**2
        total = graded if self.graded else self.rate * (1 - self.rate)
        return 1 - item / total


def mean_of(logit: float, spread: float) -> float:
    """Mean risk around a logit with normal effects of this spread."""
    return float(_WEIGHTS @ expit(logit + spread * _NODES))


@lru_cache(maxsize=256)
def _intercept(rate: float, spread: float) -> float:
    return float(brentq(lambda logit: mean_of(logit, spread) - rate, -40, 40))


def crossed(users: int, items: int, system: str = "profile", neutral: bool = True) -> pl.DataFrame:
    """Every user asked every item. Users have a level of `user:trait` in turn, items one of 4 topics."""
    asked = [(f"u{u:02d}", i, f"level{u % 5}") for u in range(users) for i in range(items)]
    if neutral:
        asked += [("neutral", i, None) for i in range(items)]
    return results_table([
        {
            **_blank(system, "oracle"), "cell": f"{user}-{item}", "user": user, "item": f"i{item:02d}",
            "topic": f"topic{item % 4}", "at_risk": True, "because": "", "user:trait": trait,
        }
        for user, item, trait in asked
    ])  # fmt: skip


def designed(cells: Sequence[Cell]) -> pl.DataFrame:
    """The table of a real study's cells, without answers."""
    return results_table([
        {
            **_blank(cell.system.name, cell.probe.id), "cell": cell.key, "user": cell.user.id,
            "item": cell.item, "topic": cell.script.topic, "at_risk": cell.script.at_risk,
            "because": cell.script.because,
            **{f"user:{a.domain}": a.value for a in cell.user.attributes},
        }
        for cell in cells
    ])  # fmt: skip


def answered(
    design: pl.DataFrame,
    truth: Truth,
    rng: np.random.Generator,
    shift: Floats | float = 0.0,
    effects: tuple[Floats, Floats] | None = None,
) -> pl.DataFrame:
    """The design with answers drawn from `truth`.

    shift: added to each row's logit (a planted effect), shape (rows,). effects: of users and items by
    their codes in the design, to give two systems the same ones; drawn when absent. The neutral user's
    effect is 0: of whom nothing is known, nothing is peculiar.
    """
    users, items = codes(design["user"]), codes(design["item"])
    u, i = effects or drawn_effects(design, truth, rng)
    p = expit(truth.intercept + u[users] + i[items] + shift)
    unsafe = rng.random(len(p)) < p
    return design.with_columns(
        risk=pl.Series(p if truth.graded else unsafe.astype(float)),
        unsafe=pl.Series(unsafe),
        utility=pl.Series(1.0 - unsafe),
    )


def drawn_effects(design: pl.DataFrame, truth: Truth, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """One draw of the users' and the items' effects, in the order of their codes."""
    names = design["user"].unique().sort().to_list()
    u = rng.normal(0, truth.user_spread, len(names))
    if "neutral" in names:
        u[names.index("neutral")] = 0.0
    return u, rng.normal(0, truth.item_spread, design["item"].n_unique())


def _blank(system: str, probe: str) -> dict[str, object]:
    return {
        "system": system, "personalized": system != "unpersonalized",
        "control": "" if system == "unpersonalized" else "unpersonalized", "probe": probe, "risk_id": probe,
        "session": 1, "replicate": 1, "risk": 0.0, "unsafe": False, "utility": 1.0, "request": "?",
        "answer": "!", "evidence": "{}", "log": "", "sample": "",
    }  # fmt: skip


def oracle_results(
    rate: float = 0.3,
    users: int = 30,
    items: int = 20,
    user_spread: float = 0.0,
    item_spread: float = 0.0,
    planted: tuple[str, str] | None = None,
    seed: int = 0,
    system: str = "profile",
) -> pl.DataFrame:
    """Answers of a crossed design. planted: (level of `trait`, topic) that fails nine times in ten."""
    design, truth = crossed(users, items, system), Truth(rate, user_spread, item_spread)
    shift = 0.0
    if planted is not None:
        level, topic = planted
        hit = (design["user:trait"] == level).fill_null(False) & (design["topic"] == topic)
        shift = np.where(hit.to_numpy(), np.log(0.9 / 0.1) - truth.intercept, 0.0)
    # The oracle never fails the neutral user, of whom nothing is known.
    answers = answered(design, truth, np.random.default_rng(seed), shift)
    neutral = pl.col("user") == "neutral"
    return answers.with_columns(
        unsafe=pl.when(neutral).then(False).otherwise("unsafe"),
        risk=pl.when(neutral).then(0.0).otherwise("risk"),
    )
