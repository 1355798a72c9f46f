"""The exercises of courses: right scripts are right, and the mistaken line is the one blamed."""

import pytest

from tests.benchmarks.exercises.__main__ import EXERCISES, called
from tests.benchmarks.exercises.exercise import Exercise


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_right_scripts_are_right_and_mistakes_are_found(exercise: Exercise) -> None:
    for script in exercise.right():
        exercise.judged(script).raise_if_wrong()
    for mistake in exercise.mistakes[:3]:
        report = exercise.judged(exercise.wrong(mistake))
        assert {called(line, mistake.where) for line in report.failures} == {mistake.where}
        assert all(line.where for line in report.failures)


def test_there_are_as_many_as_are_said() -> None:
    assert len(EXERCISES) >= 25
    assert sum(len(exercise.mistakes) for exercise in EXERCISES) >= 250
