"""Run PyTorch's tutorial "A Gentle Introduction to torch.autograd" on minitorch.

Shows each code block and what it prints, and checks the numbers that the text states.

    python tools/tutorial.py                        # pretrained weights, downloaded once
    python tools/tutorial.py --weights FILE         # weights from a .pth or .safetensors file
    python tools/tutorial.py --weights none         # random weights; needs no network
    python tools/tutorial.py --picture Q.svg        # also draw the graph of Q

The code blocks are those of
https://docs.pytorch.org/tutorials/beginner/blitz/autograd_tutorial.html, with ``minitorch`` in the
place of ``torch`` and ``torchvision`` in the import lines. They are distributed under this licence:

BSD 3-Clause License

Copyright (c) 2017-2022, PyTorch contributors. All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted
provided that the following conditions are met:

* Redistributions of source code must retain the above copyright notice, this list of conditions
  and the following disclaimer.

* Redistributions in binary form must reproduce the above copyright notice, this list of
  conditions and the following disclaimer in the documentation and/or other materials provided
  with the distribution.

* Neither the name of the copyright holder nor the names of its contributors may be used to
  endorse or promote products derived from this software without specific prior written
  permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR
IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER
IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT
OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""

import argparse
import contextlib
import io
import sys
from pathlib import Path

# In the tutorial's order. Each runs in the names that the former ones left behind.
BLOCKS = [
    """\
import minitorch as torch
from minitorch.models import resnet18, ResNet18_Weights
model = resnet18(weights=ResNet18_Weights.DEFAULT)
data = torch.rand(1, 3, 64, 64)
labels = torch.rand(1, 1000)
""",
    """\
prediction = model(data) # forward pass
""",
    """\
loss = (prediction - labels).sum()
loss.backward() # backward pass
""",
    """\
optim = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
""",
    """\
optim.step() #gradient descent
""",
    """\
import minitorch as torch

a = torch.tensor([2., 3.], requires_grad=True)
b = torch.tensor([6., 4.], requires_grad=True)
""",
    """\
Q = 3*a**3 - b**2
""",
    """\
external_grad = torch.tensor([1., 1.])
Q.backward(gradient=external_grad)
""",
    """\
# check if collected gradients are correct
print(9*a**2 == a.grad)
print(-2*b == b.grad)
""",
    """\
x = torch.rand(5, 5)
y = torch.rand(5, 5)
z = torch.rand((5, 5), requires_grad=True)

a = x + y
print(f"Does 'a' require gradients?: {a.requires_grad}")
b = x + z
print(f"Does 'b' require gradients?: {b.requires_grad}")
""",
    """\
from minitorch import nn, optim

model = resnet18(weights=ResNet18_Weights.DEFAULT)

# Freeze all the parameters in the network
for param in model.parameters():
    param.requires_grad = False
""",
    """\
model.fc = nn.Linear(512, 10)
""",
    """\
# Optimize only the classifier
optimizer = optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
""",
]

# What the blocks print, by their place in the list; the others print nothing (the first one
# may announce a download).
PRINTED = {
    8: "tensor([True, True])\ntensor([True, True])\n",
    9: "Does 'a' require gradients?: False\nDoes 'b' require gradients?: True\n",
}

_PRETRAINED = "weights=ResNet18_Weights.DEFAULT"


def adapted(block, weights):
    """The block with other weights: a file's, or none.

    Parameters
    ----------
    block : str
    weights : str or None
        A path, ``"none"``, or None for the pretrained weights of the tutorial.
    """
    if weights is None or _PRETRAINED not in block:
        return block
    block = block.replace(_PRETRAINED, "weights=None")
    if weights == "none":
        return block
    lines = []
    for line in block.splitlines():
        lines.append(line)
        if "resnet18(weights=None)" in line:
            lines.append(f"model.load_state_dict(torch.load({weights!r}))")
    return "\n".join(lines) + "\n"


class _Tee(io.StringIO):
    """Collects text and shows it at once."""

    def write(self, text):
        sys.__stdout__.write(text)
        sys.__stdout__.flush()
        return super().write(text)


def run_block(number, names, weights=None, show=False):
    """Run one block in the dict `names`; return the code that ran and what it printed."""
    code = adapted(BLOCKS[number], weights)
    if show:
        print("".join(f">>> {line}\n" if line else "\n" for line in code.splitlines()), end="")
    out = _Tee() if show else io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, f"<block {number + 1} of the tutorial>", "exec"), names)
    return code, out.getvalue()


def graph_picture():
    """The graph of Q = 3*a**3 - b**2 as SVG, as the tutorial draws it."""
    import minitorch as torch
    from minitorch.autograd.graph import to_svg

    a = torch.tensor([2.0, 3.0], requires_grad=True)
    b = torch.tensor([6.0, 4.0], requires_grad=True)
    q = 3 * a**3 - b**2
    return to_svg(q, params={"a": a, "b": b, "Q": q})


def arguments(argv):
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Run PyTorch's autograd tutorial on minitorch, block by block."
    )
    parser.add_argument(
        "--weights",
        metavar="FILE|none",
        help="a weights file, or none for random weights (default: the pretrained weights, "
        "downloaded on first use)",
    )
    parser.add_argument("--picture", metavar="FILE", help="write the graph of Q as SVG to FILE")
    chosen = parser.parse_args(argv)
    if chosen.weights not in (None, "none") and not Path(chosen.weights).is_file():
        parser.error(f"--weights: no such file: {chosen.weights}")
    return chosen


def explain(error):
    """Why the weights could not be had, and what to do instead."""
    return (
        f"The pretrained weights are not to be had: {error}\n"
        "Offline? Run the tutorial with --weights FILE (a resnet18 checkpoint that you have) or "
        "with --weights none (random weights; every step but the prediction means the same)."
    )


def main(argv=None):
    """Run all blocks; 0 if each printed what the tutorial prints, else 1."""
    chosen = arguments(argv)
    names = {}
    for number in range(len(BLOCKS)):
        try:
            _, printed = run_block(number, names, chosen.weights, show=True)
        except (OSError, RuntimeError) as error:
            if number == 0 and chosen.weights is None:
                print(explain(error), file=sys.stderr)
                return 1
            raise
        print()
        if number in PRINTED and printed != PRINTED[number]:
            print(f"The tutorial prints instead:\n{PRINTED[number]}", file=sys.stderr)
            return 1
    if chosen.picture:
        Path(chosen.picture).write_text(graph_picture(), encoding="utf-8")
        print(f"The graph of Q is drawn in {chosen.picture}.")
    print("Every block ran and printed what the tutorial prints.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
