"""Pictures of a study of lives: courses of users, survival with its risk table, calendars of attacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from forwhom.reports.figures import svg
from forwhom.statistics.longitudinal import Change, Course, LongitudinalSummary
from forwhom.statistics.survival_curve import Curve

_WIDE, _HIGH, _LEFT, _TOP, _GAP = 190, 130, 40, 26, 22
_MANY = 4  # panels in a row


def courses_figure(
    courses: Sequence[Course], controls: Mapping[str, Course], levels: Mapping[str, int], sessions: int
) -> str:
    """A panel a system: a thin line a user, their median thick, the control's median dashed.

    controls: by system. levels: by system, the session from which its level was shown to be another.
    """
    lines = -(-len(courses) // _MANY)
    body = ""
    for place, course in enumerate(courses):
        x0 = _LEFT + place % _MANY * (_WIDE + _GAP)
        y0 = _TOP + place // _MANY * (_HIGH + 58)
        control = controls.get(course.system)
        body += _panel(course, control, levels.get(course.system), x0, y0, sessions, place % _MANY == 0)
    width = _LEFT + _MANY * (_WIDE + _GAP)
    title = "Risk after each checkpoint, a thin line a user, their median thick"
    return svg(width, lines * (_HIGH + 58) + 10, title, body)


def _panel(
    course: Course, control: Course | None, level: int | None, x0: float, y0: float, sessions: int,
    is_first: bool,
) -> str:  # fmt: skip
    def at(session: float, risk: float) -> str:
        return f"{x0 + session / sessions * _WIDE:.1f} {y0 + (1 - risk) * _HIGH:.1f}"

    drawn = f'<rect class="panel" x="{x0}" y="{y0}" width="{_WIDE}" height="{_HIGH}"/>'
    drawn += f'<line class="grid" x1="{x0}" x2="{x0 + _WIDE}" y1="{y0 + _HIGH / 2}" y2="{y0 + _HIGH / 2}"/>'
    users = dict.fromkeys(user for point in course.points for user in point.users)
    for user in users:
        own = [(p.session, p.users[user]) for p in course.points if user in p.users]
        drawn += f'<path class="user" d="{_path([at(*one) for one in own])}"/>'
    if control is not None:
        dashed = _path([at(p.session, p.median) for p in control.points])
        drawn += f'<path class="control" d="{dashed}"/>'
    drawn += f'<path class="median" d="{_path([at(p.session, p.median) for p in course.points])}"/>'
    drawn += "".join(
        f'<circle class="point" r="3" cx="{at(p.session, p.median).split()[0]}" '
        f'cy="{at(p.session, p.median).split()[1]}"/>' for p in course.points
    )  # fmt: skip
    if level is not None:
        x = x0 + level / sessions * _WIDE
        drawn += f'<line class="step" x1="{x:.1f}" x2="{x:.1f}" y1="{y0}" y2="{y0 + _HIGH}"/>'
    drawn += f'<text class="label" x="{x0}" y="{y0 - 7}">{escape(course.system)}</text>'
    for point in course.points:
        x = x0 + point.session / sessions * _WIDE
        drawn += f'<text class="tick middle" x="{x:.1f}" y="{y0 + _HIGH + 14}">{point.session}</text>'
    if is_first:
        for share in (0, 50, 100):
            y = y0 + (1 - share / 100) * _HIGH + 4
            drawn += f'<text class="tick end" x="{x0 - 6}" y="{y:.1f}">{share}</text>'
    return drawn


def _path(places: Sequence[str]) -> str:
    return "M" + "L".join(places) if places else ""


def survival_figure(curves: Mapping[str, Curve], sessions: int) -> str:
    """Share of pairs of user and request that were never failed yet, by system; below how many of them are
    still asked and safe, and how many were failed, at each checkpoint."""
    left, wide, high, top = 190, 560, 190, 16
    body = ""

    def x(session: float) -> float:
        return left + session / sessions * wide

    def y(safe: float) -> float:
        return top + (1 - safe) * high

    for share in (0, 50, 100):
        line = y(share / 100)
        body += f'<line class="grid" x1="{left}" x2="{left + wide}" y1="{line}" y2="{line}"/>'
        body += f'<text class="tick end" x="{left - 8}" y="{line + 4}">{share} %</text>'
    at = [point.session for point in next(iter(curves.values())).checkpoints]
    base = top + high + 20
    for session in at:
        body += f'<text class="tick middle" x="{x(session):.1f}" y="{base}">{session}</text>'
    for place, (name, one) in enumerate(curves.items()):
        path = f"M{x(0):.1f} {y(1):.1f}"
        for point in one.checkpoints:
            path += f"H{x(point.session):.1f}V{y(point.safe):.1f}"
        body += f'<path class="alive s{place % 6}" d="{path}"/>'
        line = base + 26.0 + place * 18
        body += f'<path class="alive s{place % 6}" d="M8 {line - 4}h26"/>'
        body += f'<text class="tick" x="40" y="{line}">{escape(name)}</text>'
        for point in one.checkpoints:
            body += (
                f'<text class="tick middle" x="{x(point.session):.1f}" y="{line}">'
                f"{point.at_risk} ({point.events})</text>"
            )
    return svg(left + wide + 30, base + 30 + 18 * len(curves), "Share never failed, by session", body)


@dataclass(frozen=True)
class Attack:
    """One user's calendar: planted in these sessions; asked after these, unsafe or not."""

    who: str
    what: str
    planted: tuple[int, ...]
    asked: tuple[tuple[int, bool], ...]


def calendar_figure(attacks: Sequence[Attack], sessions: int) -> str:
    """A row a user: ▲ where something was planted or told, a line while it lay dormant, ■ where it was asked
    and fired, ○ where it was asked and did not."""
    left, step, row, top = 130, 26, 22, 28
    body = ""

    def x(session: int) -> float:
        return left + (session - 0.5) * step

    for session in range(1, sessions + 1):
        body += f'<text class="tick middle" x="{x(session):.1f}" y="16">{session}</text>'
    for place, one in enumerate(attacks):
        y = top + (place + 0.5) * row
        fired = [session for session, unsafe in one.asked if unsafe]
        end = fired[0] if fired else one.asked[-1][0] if one.asked else sessions
        body += f'<text class="tick" x="4" y="{y + 4}">{escape(one.who)}, {escape(one.what[:26])}</text>'
        if one.planted:
            body += f'<line class="dormant" x1="{x(one.planted[0])}" x2="{x(end)}" y1="{y}" y2="{y}"/>'
        for session in one.planted:
            body += f'<text class="planted middle" x="{x(session):.1f}" y="{y + 5}">▲</text>'
        for session, unsafe in one.asked:
            mark = "■" if unsafe else "○"
            kind = "fired" if unsafe else "quiet"
            body += f'<text class="{kind} middle" x="{x(session):.1f}" y="{y + 5}">{mark}</text>'
    title = "Calendar of what was planted, lay dormant and fired"
    return svg(left + sessions * step + 10, top + row * len(attacks) + 8, title, body, fixed=True)


def shown_levels(changes: Sequence[Change], summary: LongitudinalSummary) -> dict[str, int]:
    """By system the session from which its level differs from the control's, where that was shown."""
    return {
        one.system: one.level.session
        for one in changes
        if one.against == "control" and one.level and one.level_p is not None and one.level_p < summary.alpha
    }
