"""Hypotheses tested in a fixed sequence: non-inferiority with a margin declared beforehand, then superiority.

Each step is tested only where all steps before it were shown, so that every step keeps the whole level and
the chance of any false claim stays at it. The order and the margin must stand in the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass

from samesplit.errors import StatisticsError
from samesplit.ordering import below
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.student import StudentInterval

__all__ = ["FixedSequence", "SequenceStep", "fixed_sequence"]


@dataclass(frozen=True)
class SequenceStep:
    """One hypothesis of a fixed sequence.

    Attributes:
        name: `non-inferiority` or `superiority`.
        null: The value of the difference that is to be refuted, and all that are worse.
        p_one_sided: Against `null` in the direction of the claim.
        p_two_sided: Against `null` in both directions.
        is_tested: Whether all steps before were shown.
        is_shown: Whether it was tested and its one-sided P value is below the level.
    """

    name: str
    null: float
    p_one_sided: float
    p_two_sided: float
    is_tested: bool
    is_shown: bool


@dataclass(frozen=True)
class FixedSequence:
    """What a fixed sequence of tests shows.

    Attributes:
        margin: How much worse counts as no worse.
        level: Of each one-sided test.
        steps: In their order.
    """

    margin: float
    level: float
    steps: tuple[SequenceStep, ...]

    @property
    def conclusion(self) -> str:
        """The claim that the sequence supports, in words."""
        shown = [step.name for step in self.steps if step.is_shown]
        if "superiority" in shown:
            return "superior"
        if shown:
            return "non-inferior, not shown to be superior"
        return "not shown to be non-inferior"


def fixed_sequence(
    difference: StudentInterval, margin: float, *, higher_is_better: bool = True, confidence: float = 0.95
) -> FixedSequence:
    """Test non-inferiority and then superiority of a difference.

    Args:
        difference: Of the new minus the standard, as from `u_statistic_analysis`, `obuchowski_rockette` or
            `model_against_readers`.
        margin: How much worse counts as no worse, positive, in units of the difference; declared before the
            results were seen.
        higher_is_better: Whether more of the figure is better.
        confidence: Of the two-sided interval whose bound answers the same questions; each one-sided test has
            the level (1 - confidence) / 2.

    Raises:
        StatisticsError: A margin that is not positive, or a confidence outside (0, 1).

    References:
        Maurer W, Hothorn LA, Lehmacher W. Multiple comparisons in drug clinical trials and preclinical
        assays: a-priori ordered hypotheses. In: Biometrie in der chemisch-pharmazeutischen Industrie 6, 1995.

    Example:
        >>> from samesplit.statistics.student import student_interval
        >>> found = fixed_sequence(student_interval(0.02, 0.0004, 40.0, method="t"), 0.05)
        >>> found.conclusion, [step.is_shown for step in found.steps]
        ('non-inferior, not shown to be superior', [True, False])
    """
    if not margin > 0:
        raise StatisticsError(
            f"a non-inferiority margin of {margin!r} is not positive",
            remedy="give how much worse counts as no worse, such as 0.05",
        )
    level = (1 - check_confidence(confidence)) / 2
    worst = -margin if higher_is_better else margin
    steps: list[SequenceStep] = []
    for name, null in (("non-inferiority", worst), ("superiority", 0.0)):
        sides = difference.p_above(null), difference.p_below(null)
        one_sided = sides[0] if higher_is_better else sides[1]
        tested = all(step.is_shown for step in steps)
        shown = tested and bool(below(one_sided, level))
        steps.append(SequenceStep(name, null, one_sided, 2 * min(sides), tested, shown))
    return FixedSequence(margin, level, tuple(steps))
