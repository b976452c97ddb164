"""What an error says of files and values that are not there: what was meant, what was expected."""

import json

import pytest

from minitorch.cli._common import describe, printable


def test_help_is_a_command_too(command):
    code, out, _ = command("help", "lint")
    assert code == 0 and out.startswith("usage: minitorch lint")
    assert "finetune" in command("help")[1]


def test_no_command_names_them(command):
    code, _, err = command()
    assert code == 2 and "choose from finetune, predict" in err


def test_a_missing_file_names_the_one_beside_it(command, tmp_path):
    (tmp_path / "best.safetensors").write_bytes(b"")
    code, _, err = command("predict", str(tmp_path / "best.safetensor"), "x.png")
    assert code == 1 and f"did you mean '{tmp_path / 'best.safetensors'}'?" in err


def test_a_run_in_place_of_its_model(command, tmp_path):
    (tmp_path / "best.safetensors").write_bytes(b"")
    for words in (["predict", str(tmp_path), "x.png"], ["summary", str(tmp_path)]):
        code, _, err = command(*words)
        assert code == 1 and f"did you mean '{tmp_path / 'best.safetensors'}'?" in err


def test_run_misses_the_script_alone(command):
    assert command("run")[2].splitlines()[0].endswith("are required: SCRIPT")


def test_nothing_near_is_not_suggested(tmp_path):
    (tmp_path / "other.txt").write_bytes(b"")
    assert describe(FileNotFoundError(2, "gone", str(tmp_path / "model"))).endswith("model: gone")
    assert describe(FileNotFoundError(2, "gone", str(tmp_path / "no" / "model"))).endswith("gone")


def test_an_architecture_is_no_model_to_predict_with(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = command("predict", "resnet18", "x.png")
    assert code == 2 and "MODEL is the best.safetensors of a run" in err


@pytest.mark.parametrize("name, value, expected", [
    ("epochs", "three", "epochs is 'three'; expected a whole number, at least 1"),
    ("lr", -1, "lr is -1; expected a number, more than 0"),
    ("ema", 2, "ema is 2; expected a number, at least 0 and less than 1"),
    ("nesterov", "yes", "nesterov is 'yes'; expected true or false"),
    ("data", 5, "data is 5; expected text"),
    ("seed", 2 ** 70, "expected a whole number, at least 0 and at most 9223372036854775807"),
    ("freeze", "until:", "choose from none, backbone, until:LAYER, bn"),
])
def test_a_setting_of_a_config_says_what_was_expected(command, tmp_path, name, value, expected):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({name: value}))
    code, _, err = command("finetune", "--config", str(path), "--output", str(tmp_path / "run"))
    assert code == 2 and expected in err


def test_validating_with_the_training_folder(command, tmp_path):
    (tmp_path / "a").mkdir()
    code, _, err = command("finetune", "--data", str(tmp_path), "--val", str(tmp_path), "--weights",
                       "none", "--output", str(tmp_path.parent / f"{tmp_path.name}-run"))
    assert code == 1 and "it is the same folder" in err


def test_a_name_that_is_no_text_is_as_wide_as_it_prints():
    assert printable("b\udcff\n") == "b\\udcff\\n"
