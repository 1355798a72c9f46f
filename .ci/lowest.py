"""Print the lowest version of every package that pyproject allows, as constraints for pip.

python .ci/lowest.py > lowest.txt
python -m pip install -e '.[test]' -c lowest.txt
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

_BOUNDED = re.compile(r"(?P<name>[\w.-]+)(?:\[[^\]]*\])?>=(?P<version>[\w.]+)")


def lowest(project: dict[str, Any], extras: tuple[str, ...] = ("test",)) -> list[str]:
    """Return ``name==version`` for every lower bound of the project and of `extras`."""
    optional = project.get("optional-dependencies", {})
    wanted = [*project["dependencies"], *(r for extra in extras for r in optional[extra])]
    bounded = [_BOUNDED.fullmatch(requirement) for requirement in wanted]
    return [f"{match['name']}=={match['version']}" for match in bounded if match]


if __name__ == "__main__":
    pyproject = Path(__file__).parents[1] / "pyproject.toml"
    settings = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    print("\n".join(lowest(settings["project"])))
