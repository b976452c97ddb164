"""nn.utils.fuse_conv_bn and its parts."""

import copy

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.models import resnet18, resnet50
from minitorch.models.resnet import BasicBlock
from minitorch.nn import utils


def randomize(model):
    """Weights and statistics unlike the initial ones."""
    with torch.no_grad():
        for norm in model.modules():
            if isinstance(norm, nn.BatchNorm2d):
                for tensor in (norm.running_mean, norm.weight, norm.bias):
                    if tensor is not None:
                        tensor.uniform_(0.2, 0.5)
                if norm.running_var is not None:
                    norm.running_var.uniform_(0.5, 2)
    return model


def conv_and_norm(**options):
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 6, 3, bias=options.pop("conv_bias", False))
    return conv.eval(), randomize(nn.BatchNorm2d(6, **options)).eval()


def norms_in(model):
    return sum(isinstance(m, nn.BatchNorm2d) for m in model.modules())


def distance(model, other, x):
    with torch.no_grad():
        one, two = model(x).numpy().astype(np.float64), other(x).numpy()
    return np.abs(one - two).max() / np.abs(one).max()


@pytest.mark.parametrize("options", [
    {}, dict(conv_bias=True), dict(affine=False), dict(bias=False), dict(eps=0.5)], ids=str)
def test_weights_against_numpy(options):
    conv, norm = conv_and_norm(**options)
    if conv.bias is not None:
        conv.bias.requires_grad = False
    fused = utils.fuse_conv_bn_eval(conv, norm)
    w, b = conv.weight.detach().numpy().astype(np.float64), np.zeros(6)
    if conv.bias is not None:
        b = conv.bias.numpy().astype(np.float64)
    gamma = np.ones(6) if norm.weight is None else norm.weight.detach().numpy()
    beta = np.zeros(6) if norm.bias is None else norm.bias.detach().numpy()
    s = gamma / np.sqrt(norm.running_var.numpy().astype(np.float64) + norm.eps)
    wanted = w * s[:, None, None, None], (b - norm.running_mean.numpy()) * s + beta
    np.testing.assert_array_equal(fused.weight.detach().numpy(), wanted[0].astype(np.float32))
    np.testing.assert_array_equal(fused.bias.detach().numpy(), wanted[1].astype(np.float32))
    assert fused.weight.requires_grad and not fused.bias.requires_grad
    assert type(fused) is nn.Conv2d and fused is not conv and not fused.training


def test_transposed_weights_scale_the_second_dimension():
    conv, norm = conv_and_norm()
    plain = utils.fuse_conv_bn_weights(conv.weight, None, norm.running_mean, norm.running_var,
                                       norm.eps, norm.weight, norm.bias)
    turned = utils.fuse_conv_bn_weights(conv.weight.transpose(0, 1), None, norm.running_mean,
                                        norm.running_var, norm.eps, norm.weight, norm.bias,
                                        transpose=True)
    assert torch.equal(turned[0].transpose(0, 1), plain[0]) and torch.equal(turned[1], plain[1])


@pytest.mark.parametrize("which", [0, 1])
def test_training_mode_is_refused(which):
    pair = conv_and_norm()
    pair[which].train()
    with pytest.raises(AssertionError, match="Fusion only for eval!"):
        utils.fuse_conv_bn_eval(*pair)
    with pytest.raises(AssertionError, match=f"Fusion only for eval! {which} is in training"):
        net = nn.Sequential(*pair)
        net.training = False
        utils.fuse_conv_bn(net)


def test_what_cannot_be_folded_is_refused():
    conv, norm = conv_and_norm(track_running_stats=False)
    with pytest.raises(AssertionError, match="must not be None"):
        utils.fuse_conv_bn_eval(conv, norm)
    with pytest.raises(TypeError, match="fuse_conv_bn: model must be a Module, got int"):
        utils.fuse_conv_bn(3)


@pytest.mark.parametrize("make", [resnet18, resnet50])
def test_resnet_logits(make):
    torch.manual_seed(0)
    model = randomize(make(num_classes=7)).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fused = utils.fuse_conv_bn(model)
    assert norms_in(fused) == 0 and not fused.training
    assert all(not module.training for module in fused.modules())
    x = torch.rand(2, 3, 64, 64)
    assert distance(model, fused, x) < 5e-6
    assert distance(copy.deepcopy(model).double(), copy.deepcopy(fused).double(), x.double()) < 1e-6
    assert fused.conv1.weight.is_contiguous(memory_format=torch.channels_last)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_folded_model_still_has_gradients_and_hooks():
    fused = utils.fuse_conv_bn(resnet18(num_classes=3).eval())
    seen = []
    fused.layer1[0].bn1.register_forward_hook(lambda module, args, out: seen.append(out))
    fused(torch.rand(1, 3, 32, 32)).sum().backward()
    assert len(seen) == 1 and fused.conv1.weight.grad is not None


class Other(nn.Module):
    """A class that nobody knows."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = conv_and_norm()

    def forward(self, x):
        y = self.conv1(x)
        return self.bn1(y) + y


class Declared(Other):
    _conv_norm_pairs = (("conv1", "bn1"),)

    def forward(self, x):
        return self.bn1(self.conv1(x))


class Heir(Declared):
    def forward(self, x):
        y = self.conv1(x)
        return self.bn1(y) - y


class OwnBlock(BasicBlock):
    def forward(self, x):
        return self.conv1(x)


class OwnSequential(nn.Sequential):
    def forward(self, x):
        for module in list(self._modules.values())[::-1]:
            x = module(x)
        return x


class MyNorm(nn.BatchNorm2d):
    pass


def hooked(index):
    pair = conv_and_norm()
    pair[index].register_forward_hook(lambda *_: None)
    return nn.Sequential(*pair)


def replaced():
    block = Declared()
    block.forward = lambda x: x
    return block


def shared():
    conv, norm = nn.Conv2d(6, 6, 1), nn.BatchNorm2d(6)
    return nn.Sequential(conv, norm, conv, nn.BatchNorm2d(6))


def statistics_of_the_batch():
    return nn.Sequential(*conv_and_norm(track_running_stats=False))


KEPT = {
    "unknown class": Other, "subclass of a declared one": Heir, "own block": lambda: OwnBlock(6, 6),
    "own sequential": lambda: OwnSequential(*conv_and_norm()),
    "norm subclass": lambda: nn.Sequential(nn.Conv2d(3, 6, 3), MyNorm(6)),
    "conv hook": lambda: hooked(0), "norm hook": lambda: hooked(1), "replaced forward": replaced,
    "shared conv": shared, "statistics of the batch": statistics_of_the_batch,
    "norm first": lambda: nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 6, 3)),
    "something between": lambda: nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.BatchNorm2d(6)),
    "another layer": lambda: nn.Sequential(nn.Conv2d(3, 6, 3), nn.GroupNorm(2, 6)),
}


@pytest.mark.parametrize("make", KEPT.values(), ids=KEPT)
def test_left_alone(make):
    model = nn.ModuleList([make()]).eval()
    fused = utils.fuse_conv_bn(model)
    assert norms_in(fused) == norms_in(model) and fused is not model
    for one, other in zip(model.parameters(), fused.parameters(), strict=True):
        assert torch.equal(one, other) and one is not other


@pytest.mark.parametrize("make", [
    Declared, lambda: nn.Sequential(*conv_and_norm(), nn.ReLU(inplace=True)),
    lambda: nn.Sequential(nn.Sequential(*conv_and_norm(conv_bias=True)), nn.ReLU())])
def test_folded(make):
    model = make().eval()
    fused = utils.fuse_conv_bn(model)
    assert norms_in(fused) == 0 and norms_in(model) == 1
    assert distance(model, fused, torch.rand(2, 3, 8, 8)) < 2e-6
    assert [name for name, _ in fused.named_modules()] == [
        name for name, _ in model.named_modules()]
