"""The command line: ``python -m nets``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from autograd_nn.derivation import UnknownNameError

from . import DivergenceError, History, Network, load_digits, prove, train, verify
from .activations import ACTIVATIONS
from .arguments import (
    Parser,
    UserError,
    choice,
    flag,
    folder_at,
    number,
    path_of,
    positive,
    say,
    seed_number,
    tell,
    write,
)
from .costs import COSTS, OUTPUTS
from .optimizers import OPTIMIZERS
from .parameters import INITS
from .verification import FormulasError, load_formulas

_EXAMPLES = """examples:
  python -m nets                                  train a 64-30-10 network on the digits
  python -m nets train --iterations 500 --alpha 0.5 --out results
  python -m nets train --init uniform             the document's initial weights
  python -m nets train --checkpoint c --resume    go on where a training was interrupted
  python -m nets verify --structure 64 20 20 10   check every formula against the gradients
  python -m nets verify --formulas my.py          your formulas in the place of the document's
  python -m nets prove --structure 3 3 1          prove them for every size, sample and depth
  python -m nets derive --structure 3 3 1         write the derivation of every gradient down
  python -m nets derive --structure 3 3 1 --wrt W2 --index 1 2
  python -m nets program --structure 64 30 10     print the training step as a NumPy program
  python -m nets draw --structure 3 3 1           draw the graph of one cost
  python -m nets draw --network --structure 3 3 1 draw the layers, weights and what flows back
  python -m nets explore --structure 3 3 1        a page to step through the graph, both ways
  python -m nets grade softmax --student          the text with blanks that students get
  python -m nets grade softmax handed_in/         mark a folder of submissions
"""


_OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "network": {
        "--structure": {
            "type": positive(int), "nargs": "+", "metavar": "N", "default": [64, 30, 10],
            "help": "nodes of each layer (default: 64 30 10)",
        },
        "--seed": {
            "type": seed_number, "default": 0, "metavar": "S",
            "help": "of weights and split (default: 0)",
        },
        "--init": choice(INITS, "initial weights; uniform is the document's"),
        "--activation": choice(tuple(ACTIVATIONS), "of the hidden nodes"),
        "--output": choice(OUTPUTS, "of the output nodes"),
        "--cost": choice(COSTS, "of a sample"),
        "--out": path_of(
            "DIR", "folder for what is written; made if missing, never emptied (default: nets-out)"
        ),
    },
    "training": {
        "--iterations": number(int, 3000, "N", "passes over the samples"),
        "--alpha": number(float, 0.25, "A", "the learning rate"),
        "--batch-size": number(int, None, "M", "samples in a step")
        | {"help": "samples in a step (default: all of them)"},
        "--optimizer": choice(tuple(OPTIMIZERS), "sgd is plain descent"),
        "--weight-decay": number(float, 0.0, "L", "λ"),
        "--checkpoint": path_of("FILE", "keep the training there, so that it can be resumed"),
        "--every": number(int, 100, "N", "passes between two writings of the checkpoint"),
        "--resume": flag("go on from the checkpoint, if it is there"),
        "--save": path_of("FILE", "write the trained network there"),
        "--overwrite": flag("replace the file of --save, if it is there"),
    },
    "formulas": {
        "--formulas": path_of(
            "FILE",
            "your formulas: a Python file with functions named delta3, delta2, dW2, db2, …, whose "
            "parameters are named after what they use (y, h3, z2, W2, delta3, m, …). The file is "
            "run as the Python that it is: give only files that you trust. Exit code 1 if one is "
            "wrong",
        ),
    },
    "format": {"--format": choice(("text", "latex", "json"), "how it is written")},
    "report": {"--format": choice(("text", "json"), "how it is written")},
    "derivation": {
        "--wrt": {"metavar": "NAME", "help": "only this gradient: W1, b2, z2, … (default: all)"},
        "--index": {
            "type": positive(int), "nargs": "+", "metavar": "I",
            "help": "write one element out in index form, counted from 1; needs --wrt and SymPy",
        },
        "--numbers": flag("fill in the values"),
        "--latex": {
            "dest": "format", "action": "store_const", "const": "latex", "default": "text",
            "help": "--format latex",
        },
    },
    "program": {
        "--samples": number(int, 32, "M", "how many samples the step is for"),
        "--run-form": flag(
            "the form that is run: into planned memory, parameters updated in place"
        ),
    },
    "picture": {
        "--network": flag(
            "draw the network in layers: its nodes, its weights, and how δ is passed back"
        ),
    },
    "grading": {
        "sheet": {
            "metavar": "SHEET",
            "help": "network, softmax, batch_normalisation, or a Python file (see nets.sheets)",
        },
        "submissions": {
            "metavar": "SUBMISSION", "nargs": "*", "type": Path,
            "help": "files, notebooks, or folders of them. They are run, each in a process of its "
            "own with limits; this is no sandbox",
        },
        "--student": flag("print the text with blanks"),
        "--out": path_of("FILE", "write there (gradescope, several submissions: a folder)"),
        "--format": choice(("table", "csv", "gradescope"), "what is written"),
        "--hints": {
            "type": int, "choices": range(5), "default": 4, "metavar": "N",
            "help": "0 to 4: nothing, where, what kind, which quantity, the repair (default: 4)",
        },
        "--timeout": number(float, 10.0, "S", "seconds for each submission"),
    },
}  # fmt: skip
"""The options of the commands by what they are about."""


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m nets",
        description="The document's neural network, on scikit-learn's handwritten digits.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command")
    for name, (run, text, *groups) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        for group in groups:
            for option, settings in _OPTIONS[group].items():
                command.add_argument(option, **settings)
    return parser


_LARGEST = {"layers": 20, "weights and biases": 10_000_000}
"""More of them would keep a command busy for minutes."""


def _network(arguments: argparse.Namespace) -> Network:
    sizes = arguments.structure
    counts = (len(sizes), sum((n + 1) * after for n, after in pairwise(sizes)))
    for count, (what, most) in zip(counts, _LARGEST.items(), strict=True):
        if count > most:
            raise UserError(
                f"--structure: {count:,} {what}; the command line takes {most:,} at most, which "
                "end within a minute. Choose a smaller structure, or call nets from Python"
            )
    try:
        return Network(
            arguments.structure,
            seed=arguments.seed,
            init=arguments.init,
            activation=arguments.activation,
            output=arguments.output,
            cost=arguments.cost,
        )
    except ValueError as error:
        raise UserError(f"--cost: {error}") from error


def _samples(net: Network, seed: int, m: int = 100) -> tuple[Any, Any]:
    """Return digits where they fit the network, and random samples where they do not."""
    if net.structure[0] == 64 and net.structure[-1] == 10:
        digits = load_digits(seed=seed)
        return digits.X_train[:, :m], digits.Y_train[:, :m]
    import numpy as np

    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(net.structure[0], m)), rng.random((net.structure[-1], m))
    return x, y / y.sum(axis=0) if net.criterion.output.name == "softmax" else y


def _judged(arguments: argparse.Namespace, judge: Callable[[Any], Any]) -> tuple[Any, str]:
    """Return what `judge` finds of the formulas that are given or, without any, ours, and whose."""
    path = arguments.formulas
    try:
        return judge(load_formulas(path) if path else None), str(path or "the formulas")
    except (FormulasError, UnknownNameError) as error:
        raise UserError(f"--formulas: {error}") from error


def run_verify(arguments: argparse.Namespace) -> int:
    """Check every formula; exit code 1 if one is wrong."""
    net = _network(arguments)
    samples = _samples(net, arguments.seed)
    report, whose = _judged(arguments, lambda claims: verify(net, *samples, claims))
    keys = ("name", "label", "verdict", "right", "inherits")
    lines = [
        {key: getattr(line, key) for key in keys}
        | {"difference": line.difference and line.difference._asdict()}
        for line in report.lines
    ]
    found = {"ok": report.ok, "lines": lines, "problems": report.problems}
    title = f"{net!r}: {whose} against the automatic gradients"
    tell(arguments.format, found, f"{title}\n\n{report}")
    return 0 if report.ok else 1


def run_prove(arguments: argparse.Namespace) -> int:
    """Prove every formula; exit code 1 if one is not proved."""
    net = _network(arguments)
    proofs, _ = _judged(arguments, lambda claims: prove(net, claims))
    keys = ("name", "statement", "latex", "proved", "refuted", "any_size", "any_depth",
            "sizes", "scope", "difference", "problem")  # fmt: skip
    found = [{key: getattr(proof, key) for key in keys} for proof in proofs]
    tell(arguments.format, found, proofs, "\n\n".join(proof.latex for proof in proofs))
    return 0 if proofs.ok else 1


def run_derive(arguments: argparse.Namespace) -> int:
    """Write down how the gradients follow from the graph of the cost of one sample."""
    from autograd_nn import derive

    net = _network(arguments)
    nodes = net.graph(*_samples(net, arguments.seed, 1))
    if arguments.wrt is not None and (arguments.wrt not in nodes or arguments.wrt == "J"):
        known = ", ".join(sorted(set(nodes) - {"J"}))
        raise UserError(f"--wrt: {arguments.wrt!r} is not in the graph; there are {known}")
    if arguments.index is not None and arguments.wrt is None:
        raise UserError("--index: say of which tensor with --wrt, e.g. --wrt W2 --index 1 2")
    index = tuple(arguments.index) if arguments.index is not None else None
    shown = []
    for name in [arguments.wrt] if arguments.wrt is not None else net.parameters():
        try:
            written = derive(nodes["J"], nodes[name], numbers=arguments.numbers, index=index)
        except ValueError as error:
            raise UserError(str(error)) from error
        shown.append({"of": f"d_{name}", "text": str(written), "latex": written.latex})
    text, latex = ("\n\n".join(one[form] for one in shown) + "\n" for form in ("text", "latex"))
    tell(arguments.format, shown, text, latex)
    return 0


def run_program(arguments: argparse.Namespace) -> int:
    """Print the training step as a NumPy program."""
    from autograd_nn import jit

    from .steps import training_step

    net = _network(arguments)
    x, y = _samples(net, arguments.seed, arguments.samples)
    step = jit(training_step(net), donate=0 if arguments.run_form else ())
    program = step.lower(net.parameters(), x, y.astype(net.dtype), 0.25)
    text = program.source if arguments.run_form else program.readable
    write(text, arguments.out and folder_at(arguments.out) / "program.py")
    return 0


def run_draw(arguments: argparse.Namespace) -> int:
    """Draw the graph of one cost, or the network."""
    net = _network(arguments)
    folder = folder_at(arguments.out or Path("nets-out"))
    if arguments.network:
        x, y = _samples(net, arguments.seed, 1)
        for title, name, picture in (
            ("network", "network", net.draw()),
            ("weights", "network-weights", net.draw(weights=True)),
            ("what flows back", "network-deltas", net.draw(x, y)),
        ):
            path = picture.render(folder / name, format="svg", cleanup=True)
            print(f"{title}: {path}")
        return 0
    print(f"graph of the cost: {_draw_cost(net, _samples(net, arguments.seed, 1), folder)}")
    return 0


def run_explore(arguments: argparse.Namespace) -> int:
    """Write a page that steps through the graph of one cost."""
    from autograd_nn import explore

    net = _network(arguments)
    folder = folder_at(arguments.out or Path("nets-out"))
    try:
        page = explore(net.cost(*_samples(net, arguments.seed, 1)))
    except ValueError as error:
        raise UserError(f"--structure: {error}") from error
    print(f"open in a browser: {page.save(folder / 'explore.html')}")
    return 0


def _draw_cost(net: Network, sample: tuple[Any, Any], folder: Path) -> str:
    from autograd_nn import draw

    return str(draw(net.cost(*sample)).render(folder / "cost-graph", format="svg", cleanup=True))


def run_train(arguments: argparse.Namespace) -> int:
    """Verify, train, measure on held-out digits, draw."""
    net = _network(arguments)
    if net.structure[0] != 64 or net.structure[-1] != 10:
        raise UserError(
            "--structure: training is on 8x8 digits, so the first layer has 64 nodes and the "
            f"last 10; got {' '.join(map(str, net.structure))}"
        )
    if arguments.save is not None and arguments.save.exists() and not arguments.overwrite:
        raise UserError(f"--save: {arguments.save} is there already; --overwrite replaces it")
    if arguments.resume and arguments.checkpoint is None:
        raise UserError("--resume: say from which file with --checkpoint")
    folder = folder_at(arguments.out or Path("nets-out"))
    digits = load_digits(seed=arguments.seed)
    say(f"{net!r} on {digits.X_train.shape[1]} digits, {digits.X_test.shape[1]} held out\n")
    report = verify(net, digits.X_train[:, :100], digits.Y_train[:, :100])
    say(report, end="\n\n")
    report.raise_if_wrong()
    try:
        history = train(
            net, digits.X_train, digits.Y_train, arguments.iterations, arguments.alpha,
            arguments.batch_size, seed=arguments.seed, optimizer=arguments.optimizer,
            weight_decay=arguments.weight_decay, checkpoint=arguments.checkpoint,
            every=arguments.every, resume=arguments.resume,
        )  # fmt: skip
    except (FileExistsError, ValueError, ImportError) as error:
        raise UserError(f"--checkpoint: {error}") from error
    except KeyboardInterrupt:
        if arguments.save is not None:  # what was learnt is kept
            net.save(arguments.save, overwrite=arguments.overwrite)
        raise
    print(f"mean cost: {history.cost[0]:.4f} at first, {history.cost[-1]:.4f} at last")
    for warning in _warnings(history):
        print(f"warning: {warning}; try a smaller --alpha", file=sys.stderr)
    print(f"accuracy on held-out digits: {net.accuracy(digits.X_test, digits.y_test):.1%}")
    figure = history.plot("Gradient descent on the digits")
    figure.axes[0].set_ylabel("mean cost J")
    figure.savefig(folder / "cost-curve.png", dpi=150)
    print(f"cost curve: {folder / 'cost-curve.png'}")
    if arguments.save is not None:
        print(f"network: {net.save(arguments.save, overwrite=arguments.overwrite)}")
    sample = digits.X_train[:, :1], digits.Y_train[:, :1]
    print(f"graph of the cost: {_draw_cost(net, sample, folder)}")
    return 0


def _warnings(history: History) -> list[str]:
    """Return what is wrong with a cost that is finite to the end and yet not falling."""
    first, last = history.cost[0], history.cost[-1]
    if last > first:
        return [f"the cost rose from {first:.4g} to {last:.4g}"]
    # where every node is saturated, no gradient is left
    before = history.cost[len(history.cost) // 2]
    still = len(history.cost) > 9 and last > 0.1 * first and before - last < 1e-4 * first
    return [f"the cost stands still at {last:.4g}"] if still else []


def run_grade(arguments: argparse.Namespace) -> int:
    """Mark submissions, or print what students get."""
    from .grading import grade
    from .sheets import SheetError, load

    try:
        sheet = load(arguments.sheet)
    except SheetError as error:
        raise UserError(str(error)) from error
    for warning in sheet.hidden:
        sys.stderr.write(f"warning: {warning}\n")
    if arguments.student:
        write(sheet.copy_for_students(), arguments.out)
        return 0
    if not arguments.submissions:
        raise UserError("SUBMISSION: name the files to mark, or --student")
    try:
        grades = grade(
            sheet, arguments.submissions, hints=arguments.hints, timeout=arguments.timeout
        )
    except FileNotFoundError as error:
        raise UserError(str(error)) from error
    if arguments.format == "table" and arguments.out is None:
        say(grades)
    elif arguments.format != "gradescope":
        write(grades.csv() if arguments.format == "csv" else f"{grades}\n", arguments.out)
    elif len(grades) == 1:
        write(grades[0].json(), arguments.out)
    elif arguments.out is None:
        raise UserError("--out: several results.json need a folder to stand in")
    else:
        for graded in grades:
            write(graded.json(), folder_at(arguments.out) / f"{graded.file_name()}.json")
    return 0


_COMMANDS: dict[str, tuple[Any, ...]] = {
    "train": (run_train, "verify, train on the digits, measure, draw", "network", "training"),
    "verify": (run_verify, "check every formula against the gradients",
               "network", "formulas", "report"),
    "prove": (run_prove, "prove every formula for every size, sample and depth",
              "network", "formulas", "format"),
    "derive": (run_derive, "write down how the gradients follow from the graph",
               "network", "derivation", "format"),
    "program": (run_program, "print the training step as a NumPy program", "network", "program"),
    "draw": (run_draw, "draw the graph of one cost, or the network itself", "network", "picture"),
    "explore": (run_explore, "make a page that steps through the graph of one cost", "network"),
    "grade": (run_grade, "mark submissions: which formula is wrong, and why", "grading"),
}  # fmt: skip
"""What each command runs, what it does, and which options it has."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    helps = {"-h", "--help"}
    if not given or (given[0].startswith("-") and given[0] not in helps):
        given.insert(0, "train")
    parser = _parser()
    arguments = parser.parse_args(given)
    if len(getattr(arguments, "structure", (1, 1))) < 2:
        parser.error("--structure needs two or more layers, e.g. --structure 64 30 10")
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except UserError as error:
        parser.error(str(error))
    except (DivergenceError, MemoryError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print(f"{parser.prog}: stopped", file=sys.stderr)
        code = 130  # as shells report the signal
    except BrokenPipeError:  # the reader of our output, head say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    return code


if __name__ == "__main__":
    sys.exit(main())
