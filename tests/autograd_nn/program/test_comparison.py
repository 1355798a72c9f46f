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
