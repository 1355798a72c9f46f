"""Names: parsed once, and asked for their layer, δ and gradients."""

from __future__ import annotations

import pytest

from autograd_nn import Tensor
from autograd_nn.core.backward import cotangent_name
from autograd_nn.formulas.notation import Name, gradient_name, gradient_of, is_gradient


@pytest.mark.section_2_5
@pytest.mark.parametrize(
    ("text", "stem", "layer", "subscript", "gradient"),
    [
        ("z2", "z", 2, "", False), ("W1", "W", 1, "", False), ("h", "h", None, "", False),
        ("x1", "x", None, "1", False), ("delta3", "delta", 3, "", True),
        ("delta", "delta", None, "", False), ("dW1", "W", 1, "", True), ("d_h2", "h", 2, "", True),
        ("dx", "x", None, "", True), ("dJ", "J", None, "", True),
        ("dist", "dist", None, "", False), ("deltas", "deltas", None, "", False),
        ("my net", "", None, "", False), ("}$", "", None, "", False), ("", "", None, "", False),
    ],
)  # fmt: skip
def test_parts(text: str, stem: str, layer: int | None, subscript: str, gradient: bool) -> None:
    name = Name.parse(text)
    assert (name.text, name.stem, name.layer, name.subscript) == (text, stem, layer, subscript)
    assert name.gradient == is_gradient(text) == gradient


def test_weighted_inputs_are_the_names_whose_gradient_is_a_delta() -> None:
    for text in ("z2", "z12", "z", "z_2", "dz2", "d_z2", "zeta", "W2", "h2", "z2 ", "2", "zz2"):
        assert Name.parse(text).weighted_input == cotangent_name(Tensor(1.0, name=text)).startswith(
            "delta"
        )
    assert [t for t in ("W1", "W", "W_1", "dW1", "V1") if Name.parse(t).weights] == ["W1"]


def test_gradients_of_any_name() -> None:
    for text in ("W1", "my net", r"}\input{x}$", "d_W1"):
        assert gradient_of(gradient_name(text)) == text
    assert gradient_of("dist") == ""
