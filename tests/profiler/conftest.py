import pytest

import minitorch
from minitorch import nn


class Net(nn.Module):
    """A small network with nested modules, in an order that is not fused."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4))
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.trunk(x).mean((2, 3)))


@pytest.fixture
def net():
    minitorch.manual_seed(0)
    return Net()


@pytest.fixture
def images():
    return minitorch.rand(2, 3, 8, 8)
