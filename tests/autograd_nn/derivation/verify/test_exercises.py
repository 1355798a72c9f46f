"""The exercises of courses: right scripts are right, and the mistaken line is the one blamed."""

import pytest

from tests.benchmarks.exercises import seventh
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


@pytest.mark.parametrize(
    ("name", "mistake", "said"),
    [
        ("CS231n: softmax with loops", 0, "through p4 is left out, in all 5 steps"),
        ("policy gradient from pixels (Karpathy)", 0, "the sign is wrong"),
        ("policy gradient from pixels (Karpathy)", 1, "the derivative of h5 is missing"),
        ("sparse autoencoder (UFLDL)", 0, "the path from a2 through rho_hat is left out"),
        ("sparse autoencoder (UFLDL)", 2, "7 is the number of columns of data"),
        ("an LSTM with dicts by step", 3, "h2 stands where h1 belongs, and so in every step"),
        ("Euler steps of a learnt field, adjoint", 3, "A.T @ ∂J/∂s4_in belongs"),
        ("CS224n: skip-gram, words drawn twice", 3, "context stands where center belongs"),
    ],
)
def test_reasons_are_those_of_the_mistake(name: str, mistake: int, said: str) -> None:
    (exercise,) = (exercise for exercise in seventh.EXERCISES if exercise.name == name)
    report = exercise.judged(exercise.wrong(exercise.mistakes[mistake]))
    assert said in report.failures[0].explanations[0].words
