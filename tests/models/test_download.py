"""Weights over a real HTTP server on loopback: whole and verified, or not at all."""

import hashlib
import http.server
import os
import socket
import threading

import pytest

import minitorch
from minitorch.models import DownloadError, ResNet18_Weights
from minitorch.models import _download as downloads
from minitorch.serialization import save

V1 = ResNet18_Weights.IMAGENET1K_V1


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802 - the base class's name
        self.server.requests.append((self.path, self.headers.get("User-Agent")))
        kind, _, name = self.path.lstrip("/").partition("/")
        body = self.server.body
        if kind == "missing":
            self.send_error(404)
            return
        self.send_response(200)
        if kind != "unsized":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if kind == "cut" else body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def state():
    return {"weight": minitorch.arange(6.0).reshape(2, 3), "bias": minitorch.ones(2)}


@pytest.fixture(scope="module")
def body(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("twin") / "twin.pth"
    save(state, path)
    return path.read_bytes()


@pytest.fixture
def server(body, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.body, server.requests = body, []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A machine of its own: empty caches, an empty working folder."""
    monkeypatch.setenv("MINITORCH_HOME", str(tmp_path / "mt"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.fixture
def name(body):
    return f"twin-{hashlib.sha256(body).hexdigest()[:8]}.pth"


@pytest.fixture
def use(server, monkeypatch):
    """Let the member's URL be a path on the loopback server."""

    def set_url(path):
        url = f"http://127.0.0.1:{server.server_port}/{path}"
        monkeypatch.setattr(V1.value, "url", url)
        return url

    return set_url


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def assert_is_twin(got, state):
    assert {key: value.tolist() for key, value in got.items()} == {
        key: value.tolist() for key, value in state.items()
    }


def test_download_then_cache(home, use, name, state, server, capfd):
    url = use(f"good/{name}")
    target = home / "mt" / "checkpoints" / name
    assert_is_twin(V1.get_state_dict(progress=True), state)
    out, err = capfd.readouterr()
    assert out == f'Downloading: "{url}" to {target}\n'
    assert "100%" in err
    assert target.read_bytes() == server.body
    assert files(home) == [os.path.join("mt", "checkpoints", name)]
    assert server.requests == [(f"/good/{name}", "minitorch")]

    assert_is_twin(V1.get_state_dict(progress=True), state)
    assert capfd.readouterr() == ("", "")
    assert len(server.requests) == 1


def test_no_bar_without_progress(home, use, name, capfd):
    use(f"good/{name}")
    V1.get_state_dict(progress=False)
    out, err = capfd.readouterr()
    assert out.startswith("Downloading: ")
    assert err == ""


def test_a_server_that_tells_no_length(home, use, name, state):
    use(f"unsized/{name}")
    assert_is_twin(V1.get_state_dict(progress=False), state)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("good/twin-0123abcd.pth", 'invalid hash value \\(expected "0123abcd", got "[0-9a-f]{64}"'),
        ("cut/NAME", "the connection was cut after [0-9]+ of [0-9]+ bytes"),
        ("missing/NAME", "HTTP Error 404"),
    ],
    ids=["wrong hash", "cut", "404"],
)
def test_a_bad_download_leaves_nothing(home, use, name, path, text):
    use(path.replace("NAME", name))
    with pytest.raises(DownloadError, match=text):
        V1.get_state_dict(progress=False)
    assert files(home) == []


def test_no_network_says_what_to_do(home, name, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(V1.value, "url", f"http://127.0.0.1:{port}/{name}")
    with pytest.raises(DownloadError, match="refused") as info:
        V1.get_state_dict(progress=False)
    text = str(info.value)
    assert str(home / "mt" / "checkpoints") in text
    assert str(home / "work" / "weights") in text
    assert str(home / "torch" / "hub" / "checkpoints") in text
    assert "--weights FILE" in text
    assert files(home) == []


@pytest.mark.parametrize("name", ["twin.pth", "twin-abc123.pth", "twin-v1-abcdef0.pth"])
def test_a_name_without_a_usable_hash_is_refused_before_any_request(home, use, server, name):
    use(f"good/{name}")
    with pytest.raises(ValueError, match="at least 8 hex digits"):
        V1.get_state_dict(progress=False)
    assert server.requests == []


@pytest.mark.parametrize(
    "folder", ["mt/checkpoints", "work/weights", "torch/hub/checkpoints"]
)
def test_files_already_there_are_used(home, use, name, state, server, folder):
    use(f"missing/{name}")
    (home / folder).mkdir(parents=True)
    (home / folder / name).write_bytes(server.body)
    assert_is_twin(V1.get_state_dict(progress=False), state)
    assert server.requests == []


def test_a_damaged_cached_file_is_passed_over_and_replaced(home, use, name, state, server):
    use(f"good/{name}")
    cached = home / "mt" / "checkpoints" / name
    cached.parent.mkdir(parents=True)
    cached.write_bytes(server.body[:-1])
    with pytest.warns(UserWarning, match="invalid hash value"):
        assert_is_twin(V1.get_state_dict(progress=False), state)
    assert cached.read_bytes() == server.body


def test_a_damaged_file_and_no_server_is_an_error_that_keeps_it(home, use, name, server):
    use(f"missing/{name}")
    cached = home / "torch" / "hub" / "checkpoints" / name
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"<html>")
    with pytest.warns(UserWarning, match="ignoring"), pytest.raises(DownloadError, match="404"):
        V1.get_state_dict(progress=False)
    assert cached.read_bytes() == b"<html>"


def test_check_hash_false_is_the_callers_word(home, use, state):
    use("good/plain.pth")
    assert_is_twin(V1.get_state_dict(progress=False, check_hash=False), state)


def test_model_dir_is_the_only_folder(home, use, name, state, server):
    use(f"good/{name}")
    own = home / "own"
    assert_is_twin(V1.get_state_dict(model_dir=str(own), progress=False), state)
    assert files(home) == [os.path.join("own", name)]


def test_a_folder_that_cannot_be_written_is_named(home, use, name):
    use(f"good/{name}")
    (home / "mt").write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match="cannot write to .*checkpoints"):
        V1.get_state_dict(progress=False)


def test_an_interrupt_leaves_nothing(home, use, name, monkeypatch):
    use(f"good/{name}")

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads, "_copy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        V1.get_state_dict(progress=False)
    assert files(home) == []


def test_folders_follow_the_environment(monkeypatch):
    for variable in ("MINITORCH_HOME", "TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", "/h")
    assert downloads.search_folders() == [
        "/h/.cache/minitorch/checkpoints",
        "./weights",
        "/h/.cache/torch/hub/checkpoints",
    ]
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.setenv("MINITORCH_HOME", "")
    assert downloads.search_folders()[0] == "/x/minitorch/checkpoints"
    monkeypatch.setenv("MINITORCH_HOME", "~/m")
    assert downloads.search_folders()[0] == "/h/m/checkpoints"


def test_resnet18_loads_downloaded_weights(home, server, monkeypatch, tmp_path):
    from minitorch.models import resnet18

    minitorch.manual_seed(5)
    source = resnet18()
    save(source.state_dict(), tmp_path / "twin.pth")
    server.body = (tmp_path / "twin.pth").read_bytes()
    (tmp_path / "twin.pth").unlink()
    name = f"resnet18-{hashlib.sha256(server.body).hexdigest()[:8]}.pth"
    monkeypatch.setattr(V1.value, "url", f"http://127.0.0.1:{server.server_port}/good/{name}")
    model = resnet18(weights=ResNet18_Weights.DEFAULT, progress=False)
    for key, value in source.state_dict().items():
        assert minitorch.equal(model.state_dict()[key], value), key
    assert model.conv1.weight.is_contiguous(memory_format=minitorch.channels_last)
