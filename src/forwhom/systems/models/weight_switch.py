"""Give one model the weights of one user after another: put back, fit what is new, apply.

A fit is kept in the user's cache by the hash of all that determines it: the base weights, the changes
before it, and its own knobs and data. A killed fit leaves nothing and begins anew.
"""

from __future__ import annotations

import copy
import ctypes
import hashlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from forwhom.systems.models.cores import usable_cores
from forwhom.systems.models.made_once import made_once
from forwhom.systems.models.weights import cache_folder
from forwhom.systems.weights import Fit, Undo, WeightChange, Weights

_CARD = "fit.json"


class StoppedError(Exception):
    """A fit was given up: Ctrl-C."""


class WeightSwitch:
    """Changes `model` in place. base: hash of its own weights. on_change: called before they change.

    Not thread-safe but for `cancel`, and not while the model computes.
    """

    def __init__(self, model: Any, tokenizer: Any, base: str, on_change: Callable[[], None]) -> None:
        self._model, self._tokenizer, self._base, self._on_change = model, tokenizer, base, on_change
        self._own: dict[str, torch.Tensor] = {}
        self._undo: list[Undo] = []
        self.key = ""  # of the weights that the model has
        self._fits: tuple[Fit, ...] = ()
        self._fitting: int | None = None  # the thread that is at it
        self.stop = threading.Event()

    def use(self, weights: Weights) -> tuple[Fit, ...]:
        """From now on the model has these weights; returns what was fitted for them, now or earlier."""
        if weights.key == self.key:
            return self._fits
        self._on_change()
        self._restore()
        self.key = "unfinished"  # an error below leaves weights that nobody knows
        fits: list[Fit] = []
        for change in weights.changes:
            fit = self._fitted(change, fits[-1].id if fits else self._base)
            with torch.no_grad():
                self._undo += change.apply(self._model, _folder(fit))
            fits.append(fit)
        self.key, self._fits = weights.key, tuple(fits)
        return self._fits

    def kept(self, weights: Weights) -> tuple[Fit, ...]:
        """The fits of `weights` where all of them were made earlier, else ().

        Whoever only looks at them need not wear them.
        """
        fits: list[Fit] = []
        for change in weights.changes:
            fit_id = _id(change, fits[-1].id if fits else self._base)
            if not _at(change.layer, fit_id).is_dir():
                return ()
            fits.append(_read(change.layer, fit_id))
        return tuple(fits)

    def cancel(self) -> None:
        """From another thread, `stop` set: give up the fit that is being made. Any trainer's loop is left at
        its next step, since the error is raised in its thread; what it has written is thrown away."""
        if self._fitting is not None:
            thread = ctypes.c_ulong(self._fitting)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(StoppedError))

    def _restore(self) -> None:
        parameters = dict(self._model.named_parameters())
        if not self._own:  # the first change: until then the model is its own copy
            self._own = {name: value.detach().clone() for name, value in parameters.items()}
            return
        for undo in reversed(self._undo):
            undo()
        self._undo = []
        with torch.no_grad():
            for name, value in self._own.items():
                parameters[name].copy_(value)

    def _fitted(self, change: WeightChange, before: str) -> Fit:
        fit_id = _id(change, before)
        made_once(_at(change.layer, fit_id), partial(self._fit, change))
        return _read(change.layer, fit_id)

    def _fit(self, change: WeightChange, folder: Path) -> None:
        started = time.monotonic()
        own_copy = copy.deepcopy(self._model)
        torch.set_num_threads(usable_cores())
        self._fitting = threading.get_ident()
        try:
            if self.stop.is_set():
                raise StoppedError
            change.fit(own_copy, self._tokenizer, folder)
        finally:
            self._fitting = None
        card = {"layer": change.layer, "seconds": round(time.monotonic() - started, 2)}
        (folder / _CARD).write_text(json.dumps(card) + "\n", encoding="utf-8")


def observed(weights: Weights, fits: Sequence[Fit], what: str) -> tuple[float, ...]:
    """What the first change that shows `what` shows of it; () where none does. fits: of `weights`."""
    seen = (c.observe(what, _folder(fit)) for c, fit in zip(weights.changes, fits, strict=True))
    return next((one for one in seen if one), ())


def _id(change: WeightChange, before: str) -> str:
    return hashlib.sha256(f"{before}:{change.key}".encode()).hexdigest()[:16]


def _at(layer: str, fit_id: str) -> Path:
    return cache_folder() / "fits" / layer / fit_id


def _folder(fit: Fit) -> Path:
    return _at(fit.layer, fit.id)


def _read(layer: str, fit_id: str) -> Fit:
    folder = _at(layer, fit_id)
    card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
    size = sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
    return Fit(fit_id, layer, card["seconds"], size)
