"""A residual network written as torchvision writes its own, trained for a few steps."""

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn, optim


class BasicBlock(nn.Module):
    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class SmallResNet(nn.Module):
    def __init__(self, num_classes=3):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        shortcut = nn.Sequential(nn.Conv2d(4, 8, 1, stride=2, bias=False), nn.BatchNorm2d(8))
        self.layer1 = nn.Sequential(BasicBlock(4, 4), BasicBlock(4, 8, 2, shortcut))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.avgpool(self.layer1(x))
        return self.fc(torch.flatten(x, 1))


@pytest.fixture
def batch():
    torch.manual_seed(0)
    return torch.rand(6, 3, 32, 32), torch.tensor([0, 1, 2, 0, 1, 2])


def test_forward_updates_statistics_and_every_gradient_arrives(batch):
    net = SmallResNet()
    loss = nn.CrossEntropyLoss()(net(batch[0]), batch[1])
    loss.backward()
    for name, param in net.named_parameters():
        assert param.grad is not None and bool(param.grad.abs().sum() > 0), name
    assert net.bn1.num_batches_tracked.item() == 1
    assert len(net.state_dict()) == 38
    assert "layer1.1.downsample.1.running_mean" in net.state_dict()


def test_gradient_of_the_whole_net_against_finite_differences(batch):
    net = SmallResNet().double()
    x, y = batch[0].double(), batch[1]

    def loss():
        return nn.functional.cross_entropy(net(x), y)

    loss().backward()
    for param in (net.conv1.weight, net.layer1[1].bn1.bias, net.fc.weight):
        index = np.unravel_index(int(param.grad.abs().argmax()), tuple(param.shape))
        slope = param.grad[index].item()
        values = []
        with torch.no_grad():
            for step in (1e-6, -2e-6):
                param[index] += step
                values.append(loss().item())
            param[index] += 1e-6
        assert (values[0] - values[1]) / 2e-6 == pytest.approx(slope, rel=1e-5)


def test_training_lowers_the_loss(batch):
    net = SmallResNet()
    optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


def test_frozen_backbone_trains_the_new_head_only(batch):
    net = SmallResNet()
    for param in net.parameters():
        param.requires_grad = False
    net.fc = nn.Linear(8, 5)
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    net(batch[0]).sum().backward()
    optimizer.step()
    moved = [n for n, p in net.named_parameters() if not torch.equal(p.detach(), before[n])]
    assert moved == ["fc.weight", "fc.bias"]
    assert sorted(optimizer.state_dict()["state"]) == [18, 19]
    assert bool(net.layer1[1].bn2.running_mean.any())


def test_channels_last_gives_the_same_numbers(batch):
    net = SmallResNet().double().eval()
    x = batch[0].double()
    plain = net(x)
    net.to(memory_format=torch.channels_last)
    np.testing.assert_allclose(
        net(x.contiguous(memory_format=torch.channels_last)).detach().numpy(),
        plain.detach().numpy(),
        rtol=1e-10,
    )
