"""forwhom from one's own code: a study in, what it found out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forwhom.reports.conclusion import Conclusion
    from forwhom.studies.study import Study


def run(study: Study | Path | str = "relational", out: Path | str | None = None) -> Conclusion:
    """Run a study and conclude; finished cells of an earlier run in `out` are reused.

    study: a Study, the path of a study file, or the name of a suite that ships with forwhom.
    out: the run's folder; default runs/STUDY-FINGERPRINT in the working directory.
    Raises InputError for what its user can mend.
    """
    from forwhom.reports.conclusion import conclude
    from forwhom.studies.prepared import prepare
    from forwhom.studies.runner import run_study
    from forwhom.studies.study import Study, load_study, suite_path

    if not isinstance(study, Study):
        path = Path(study)
        study = load_study(path if path.suffix in (".yaml", ".yml") else suite_path(str(study)))
    prepared = prepare(study)
    folder = Path(out) if out is not None else prepared.default_folder
    return conclude(run_study(prepared, folder), study)
