"""A new program is compared with the traced run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, jit
from autograd_nn.ops.trigonometry import SIN
from autograd_nn.program import rules
from autograd_nn.program.comparison import WrongProgramError

from .steps import A


def test_a_wrong_program_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(node: Tensor, graph: Any) -> Any:
        return np.cos(node.inputs[0]) if node.op is SIN else None

    monkeypatch.setattr(rules, "SIMPLIFY", [wrong])
    with pytest.raises(WrongProgramError, match="off by up to"):
        jit(lambda x: np.sin(x + 1))(A)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_program_may_have_room_where_the_recorded_run_overflows(engine: str) -> None:
    far = np.array([1.1e38, 90.0], np.float32)  # the sum of all 3 · (−2) · far does not fit float32

    def f(x: Any) -> Any:
        return 1 / np.mean(-2 * (np.zeros((3, 1), np.float32) + x))

    with np.errstate(all="ignore"):
        found = jit(f, engine=engine)(far)
        assert found == 0 or np.isclose(found, -1 / 1.1e38, rtol=1e-5, atol=0)
