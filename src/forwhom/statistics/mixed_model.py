"""The same effects by a mixed-effects logistic model: a cross-check that rests on other assumptions.

Users and items are random, the factors' effects fixed; fitted by variational Bayes (statsmodels'
BinomialBayesMixedGLM), whose intervals are rather too narrow. Its coefficients hold for one user and item; to
be set beside those of rates over all of them they are divided by sqrt(1 + c^2 (V_user + V_item)) with
c = 16 sqrt(3) / (15 pi) (Zeger, Liang and Albert, 1988).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
import polars as pl
from scipy.stats import norm
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

from forwhom.statistics.clustering import codes
from forwhom.statistics.factorial import Estimable, Term, column_of
from forwhom.statistics.interactions import Scale
from forwhom.statistics.rates import at_risk

_SHRINK = (16 * sqrt(3) / (15 * pi)) ** 2
_WIDE = 3.0  # standard deviation of the prior of a fixed effect, in log-odds


@dataclass(frozen=True)
class MixedModel:
    """odds: by effect, in log-odds over all users and items. between_users, between_items: standard
    deviations on that scale."""

    probe: str
    odds: dict[Term, Scale]
    between_users: float
    between_items: float


def mixed_model(
    results: pl.DataFrame, probe: str, levels: pl.DataFrame, systems: list[str], design: Estimable,
    confidence: float = 0.95,
) -> MixedModel:  # fmt: skip
    """levels: a row a system of `systems`, a column a factor."""
    columns = np.column_stack([np.ones(levels.height), *(column_of(levels, term) for term in design.terms)])
    place = {name: index for index, name in enumerate(systems)}
    cells = at_risk(results).filter((pl.col("probe") == probe) & pl.col("system").is_in(systems))
    rows = np.array([place[name] for name in cells["system"]])
    blocks = [np.eye(int(one.max()) + 1)[one] for one in (codes(cells["user"]), codes(cells["item"]))]
    kinds = np.repeat([0, 1], [one.shape[1] for one in blocks])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that is not quite done is still a cross-check
        model = BinomialBayesMixedGLM(
            cells["unsafe"].cast(pl.Float64).to_numpy(), columns[rows], np.column_stack(blocks), kinds,
            vcp_p=0.5, fe_p=_WIDE,
        )  # fmt: skip
        fitted = model.fit_vb()
    user, item = (float(np.exp(one)) for one in fitted.vcp_mean)
    shrink = sqrt(1 + _SHRINK * (user**2 + item**2))
    half = float(norm.ppf(0.5 + confidence / 2))
    means, errors = fitted.fe_mean[1:] / shrink, fitted.fe_sd[1:] / shrink
    odds = {
        term: Scale(float(mean), float(mean - half * error), float(mean + half * error))
        for term, mean, error in zip(design.terms, means, errors, strict=True)
    }
    return MixedModel(probe, odds, user, item)
