"""minitorch under the names of PyTorch: what is there, what is missing, and how that is said."""

import ast
import subprocess
import sys
import textwrap

import pytest

import minitorch as mt
from minitorch import compat
from minitorch.compat import _guard, _names


def run(program, *args):
    """Run a program as ``minitorch run`` does; (exit code, stdout, stderr)."""
    done = subprocess.run([sys.executable, "-m", "minitorch", "run", str(program), *args],
                          capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def script(tmp_path):
    def write(text, name="script.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return write


def test_a_training_script_runs_unmodified(script):
    path = script("""
        import sys
        import torch
        import torch.nn as nn
        import torch.nn.functional as F
        from torch import optim
        from torch.utils.data import DataLoader, TensorDataset

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.backends.cudnn.benchmark = True
        torch.manual_seed(0)
        x = torch.randn(64, 5)
        data = DataLoader(TensorDataset(x, (x.sum(1) > 0).long()), batch_size=16, shuffle=True)
        model = torch.compile(nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 2)))
        model = model.to(device)
        optimizer = optim.SGD(model.parameters(), lr=0.5)
        for epoch in range(int(sys.argv[1])):
            for images, labels in data:
                optimizer.zero_grad()
                loss = F.cross_entropy(model(images), labels)
                loss.backward()
                optimizer.step()
        with torch.no_grad():
            right = (model(x).argmax(1) == (x.sum(1) > 0).long()).float().mean()
        print(type(x).__module__, right.item() > 0.95, __name__)
    """)
    code, out, err = run(path, "10")
    assert (code, out.split()) == (0, ["minitorch", "True", "__main__"]), err


def test_torchvision_names_give_our_models_with_the_strides_of_pytorch(script):
    path = script("""
        import torch, torchvision
        from torchvision import datasets, transforms
        from torchvision.models import ResNet18_Weights, resnet18
        torch.manual_seed(0)
        a = torchvision.models.resnet18(num_classes=3)
        torch.manual_seed(0)
        b = torchvision.models.get_model("resnet18", num_classes=3)
        print(a.conv1.weight.is_contiguous(), torch.equal(a.conv1.weight, b.conv1.weight))
        print(ResNet18_Weights.DEFAULT, transforms.Resize(3), datasets.ImageFolder.__name__)
    """)
    code, out, err = run(path)
    assert code == 0, err
    assert out.splitlines()[0] == "True True"
    assert out.splitlines()[1].startswith("ResNet18_Weights.IMAGENET1K_V1 Resize(size=3")


def test_imports_of_missing_names_fail_where_they_are_used(script):
    path = script("""
        import torch
        from torch.utils.tensorboard import SummaryWriter
        import torch.nosuch.deep as deep
        from torch.nn import Lineer
        print(hasattr(torch, "nosuch"), isinstance(3, SummaryWriter))
        def derive():
            class X(Lineer):
                pass
        for use in (lambda: SummaryWriter("x"), lambda: deep.f, lambda: torch.nn.Conv2D(1, 1, 1),
                    derive):
            try:
                use()
            except AttributeError as error:
                print(error)
    """)
    code, out, err = run(path)
    assert code == 0, err
    assert out.splitlines() == [
        "False False",
        "minitorch has no torch.utils.tensorboard.SummaryWriter; write the numbers yourself, or "
        "use the tensorboardX package",
        "minitorch has no torch.nosuch.deep.f",
        "minitorch has no torch.nn.Conv2D; the nearest is torch.nn.Conv2d",
        "minitorch has no torch.nn.Lineer; the nearest is torch.nn.Linear",
    ]


def test_a_guarded_import_fails_at_once_so_that_the_program_takes_its_other_way(script):
    path = script("""
        try:
            from torch.nosuch import thing
        except ImportError as error:
            print("without:", error)
    """)
    assert run(path)[1] == "without: minitorch has no torch.nosuch\n"


def test_an_exception_shows_the_traceback_of_the_script_alone(script):
    code, out, err = run(script("import torch\ntorch.zeros(2).reshape(3)\n"))
    assert code == 1 and out == ""
    assert err.splitlines()[0] == "Traceback (most recent call last):"
    assert "script.py\", line 2" in err.splitlines()[1]
    assert err.splitlines()[-1].startswith("RuntimeError: shape '[3]' is invalid")
    assert "runpy" not in err and "cli" not in err


def test_the_exit_code_and_the_arguments_are_the_scripts(script):
    path = script("import sys\nprint(sys.argv[1:])\nsys.exit(7)\n")
    assert run(path, "--lr", "0.1", "-x")[:2] == (7, "['--lr', '0.1', '-x']\n")


def test_a_script_that_is_not_there_is_wrong_usage(tmp_path):
    code, out, err = run(tmp_path / "none.py")
    assert code == 2 and "No such file" in err


def test_a_module_runs_by_its_name(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    (tmp_path / "pkg" / "train.py").write_text("import torch, sys\nprint(torch.ones(1), sys.argv)")
    done = subprocess.run([sys.executable, "-m", "minitorch", "run", "-m", "pkg.train", "a"],
                          capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("tensor([1.])") and "'a'" in done.stdout


def test_install_refuses_when_torch_is_there_already(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", sys)
    with pytest.raises(RuntimeError, match="torch is imported already"):
        compat.install()


def test_setting_a_name_reaches_the_module_behind(script):
    path = script("""
        import torch, minitorch
        torch.backends.cudnn.deterministic = True
        print(torch.backends.cudnn.deterministic)
        torch.nn.init.zeros_ = len
        print(minitorch.nn.init.zeros_ is len, torch.nn.init.zeros_ is len)
    """)
    assert run(path)[1].split() == ["True", "True", "True"]


@pytest.mark.parametrize(("text", "line", "guarded"), [
    ("try:\n import a\nexcept ImportError:\n pass", 2, True),
    ("try:\n import a\nexcept (KeyError, ModuleNotFoundError):\n pass", 2, True),
    ("try:\n import a\nexcept:\n import b", 4, False),
    ("try:\n import a\nexcept ValueError:\n pass", 2, False),
    ("with contextlib.suppress(ImportError):\n import a", 2, True),
    ("import a", 1, False),
])
def test_which_imports_are_guarded(text, line, guarded):
    assert _guard.in_guard(ast.parse(text), line) is guarded


def test_lint_lists_missing_names_by_line():
    source = textwrap.dedent("""\
        import torch as t, torch.nn.functional as F
        from torch import nn
        from torchvision.models import resnet18, nosuch_net
        try:
            from torch.nosuch import thing
        except ImportError:
            thing = None
        x = t.randn(3).abs()
        y = t.Tensor.nosuch_method
        z = nn.modules.conv.Conv2d, nn.Lineer, F.relu
        t.cuda.is_available()
        nn.Linear.nosuch
        model = resnet18(); model.fc.nosuch
    """)
    found = compat.lint(source)
    assert [(finding.line, finding.name) for finding in found] == [
        (3, "torchvision.models.nosuch_net"),
        (9, "torch.Tensor.nosuch_method"),
        (10, "torch.nn.Lineer"),
        (12, "torch.nn.Linear.nosuch"),
    ]
    assert found[2].text == "minitorch has no torch.nn.Lineer; the nearest is torch.nn.Linear"


def test_lint_sees_methods_that_only_pytorch_has():
    from minitorch.compat._tensor_methods import ONLY_IN_TORCH
    assert not [name for name in ONLY_IN_TORCH if hasattr(mt.Tensor, name)]
    name = sorted(ONLY_IN_TORCH)[0]
    assert [f.name for f in compat.lint(f"x.{name}()")] == [f"torch.Tensor.{name}"]


def test_lint_refuses_what_is_no_python():
    with pytest.raises(SyntaxError):
        compat.lint("import torch as")


def test_every_module_that_stands_for_one_of_torch_is_there():
    for name in _names.MODULES:
        assert _names.source_of(name) is not None, name


def test_programs_that_import_minitorch_as_torch_may_ask_for_devices_too():
    assert mt.cuda.is_available() is False and mt.cuda.device_count() == 0
    assert mt.jit.is_scripting() is False and mt.compile(len) is len
    assert not mt.distributed.is_available()
    with pytest.raises(AssertionError, match="not compiled with CUDA"):
        mt.cuda.synchronize()


def test_switches_of_accelerators_and_libraries_switch_nothing():
    assert mt.accelerator.is_available() is False and mt.accelerator.current_accelerator() is None
    with pytest.raises(RuntimeError, match="Cannot access accelerator device when none is"):
        mt.accelerator.synchronize()
    mt.backends.cuda.matmul.allow_tf32 = False
    assert not mt.backends.mkldnn.is_available() and not mt.backends.mkl.is_available()
    assert mt.get_float32_matmul_precision() == "highest"
    mt.set_float32_matmul_precision("high")
    assert mt.get_float32_matmul_precision() == "high"
    mt.set_float32_matmul_precision("highest")
    with pytest.raises(ValueError, match="'highest', 'high' or 'medium', not 'low'"):
        mt.set_float32_matmul_precision("low")
    mt.set_num_interop_threads(2)
    with pytest.raises(RuntimeError, match="expected a positive number of threads"):
        mt.set_num_interop_threads(0)
    assert mt.get_num_interop_threads() == 1 and mt.set_flush_denormal(False) is False
    mt.set_deterministic_debug_mode("error")
    assert mt.get_deterministic_debug_mode() == 2
    with pytest.raises(RuntimeError, match="invalid value of debug_mode"):
        mt.set_deterministic_debug_mode("loud")


@pytest.mark.parametrize(("name", "advice"), [
    ("torch.vmap", "write the axis into the function"),
    ("torch.func.jacrev", "torch.autograd.functional.jacobian"),
    ("torch.optim.SparseAdam", "gradients are dense"),
    ("torch.distributions.Beta", "minitorch.distributions has"),
    ("torch.nn.CrossMapLRN2d", "torch.nn.LocalResponseNorm"),
])
def test_a_missing_name_says_what_to_do_instead(name, advice):
    assert _names.explain_missing(name).startswith(f"minitorch has no {name}; {advice}")


def test_distributions_are_where_pytorch_has_them(script):
    path = script("""
        import torch
        from torch.distributions.categorical import Categorical
        from torch.distributions.normal import Normal
        from torch.distributions import kl_divergence
        print(Normal(0.0, 1.0), Categorical is torch.distributions.Categorical)
    """)
    assert run(path) == (0, "Normal(loc: 0.0, scale: 1.0) True\n", "")


def test_parts_of_minitorch_are_no_parts_of_torch():
    assert _names.source_of("torch.training") is None
    assert "models" not in _names.names_in("torch")
    assert "loss" not in _names.names_in("torch.nn.functional")
