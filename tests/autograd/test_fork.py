"""A child that is forked in the middle of a backward pass can compute."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, threading, time
import minitorch as torch
from minitorch import nn

def step(width):
    model = nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.ReLU(), nn.Flatten(),
                          nn.Linear(width * 14 * 14, 10))
    model(torch.randn(8, 3, 16, 16)).sum().backward()

torch.set_num_threads(2)
over = threading.Event()

def work():
    while not over.is_set():
        step(32)

thread = threading.Thread(target=work)
thread.start()
codes = []
for place in range(10):
    time.sleep(0.003 * place)
    child = os.fork()
    if child == 0:
        signal.alarm(20)        # a lock that nobody will release would be forever
        step(8)
        torch.set_num_threads(3)
        step(8)
        os._exit(0)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
over.set()
thread.join()

# from within a backward pass
leaf = torch.ones(3, requires_grad=True)
twice = leaf * 2

def fork(gradient):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        with torch.enable_grad():
            step(8)
        os._exit(0)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

twice.register_hook(fork)
twice.sum().backward()
assert leaf.grad.tolist() == [2.0, 2.0, 2.0]
print(codes)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_child_forked_during_backward_computes():
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True,
                           text=True, timeout=120)
    assert ended.stdout == f"{[0] * 11}\n", ended.stderr
