"""report.html: well-formed, self-contained, everything of the user's escaped, of bounded size."""

import html.parser
import re

import numpy as np
import pytest
from PIL import Image

from minitorch.training.report.charts import confusion_chart, line_chart, sorted_columns
from minitorch.training.report.examination import Examination
from minitorch.training.report.gather import Report, list_mistakes
from minitorch.training.report.page import render

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a' onload='x",
           "قطط سوداء", "日本語", "\u202eevil", "\udcff\udcfe", "two\nlines\x1b[31m", "&amp;",
           "x" * 255, "</style><style>*{}", "\ud800"]
VOID = {"meta", "img", "br", "hr"}


class Page(html.parser.HTMLParser):
    """Elements of a page; fails where tags are not properly nested."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.open = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def examined(classes, count=60, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, len(classes), count)
    found = Examination.empty(classes, truth, 5)
    scores = rng.normal(size=(count, len(classes))).astype(np.float32)
    scores[np.arange(count), truth] += 1
    found.add(np.arange(count), scores)
    return found


def history(epochs):
    return [{"epoch": epoch, "split": split, "loss": 1 / epoch, "accuracy": 1 - 0.5 / epoch,
             "lr": 0.01 / epoch, "images_per_second": 100.0, "seconds": 1.0}
            for epoch in range(1, epochs + 1) for split in ("train", "val")]


def report_of(classes, epochs=3, count=60, **more):
    found = examined(classes, count)
    images = [Image.new("RGB", (30 + place % 7, 20), (place % 256, 9, 9))
              for place in range(count)]
    counts = np.bincount(found.truth, minlength=len(classes))
    return Report("a run", "complete", list(classes), figures=[("best epoch", "1")],
                  history=history(epochs), examination=found,
                  mistakes=list_mistakes(found, images), counts={"training": counts},
                  **more)


def page_of(report):
    return Page(render(report).decode("utf-8"))


@pytest.mark.parametrize("classes", [2, 10, 31, 120])
def test_the_page_stands_alone(classes):
    text = render(report_of([f"class {index}" for index in range(classes)])).decode()
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>") and page.all("html") == [{"lang": "en"}]
    policy, = (meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none'") and "script" not in policy
    tags = {name for name, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form", "a"}
    for _, attrs in page.elements:
        for name, value in attrs.items():
            assert not name.startswith("on")
            if name in ("src", "href"):
                assert re.match(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+$", value)
    style = "".join(page.words[page.words.index(word)] for word in page.words
                    if word.startswith("\n:root"))
    assert "url(" not in style and "@import" not in style and "dark" in style


def test_it_can_be_read_without_seeing_it():
    page = page_of(report_of([f"class {index}" for index in range(40)]))
    assert len(page.all("h1")) == 1 and len(page.all("title")) == 1
    assert all(image["alt"] for image in page.all("img")) and page.all("img")
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in page.all("svg"))
    assert all(cell["scope"] in ("row", "col") for cell in page.all("th"))
    headings = {attrs["id"] for attrs in page.all("h2")}
    assert {attrs["aria-labelledby"] for attrs in page.all("section")} == headings


def test_names_of_users_are_text():
    report = report_of(HOSTILE, notes=HOSTILE, settings={name: name for name in HOSTILE},
                       unreadable={name: name for name in HOSTILE},
                       facts=[("data", name) for name in HOSTILE],
                       commands=[("look", f"minitorch predict '{name}'") for name in HOSTILE])
    report.title = HOSTILE[0]
    for place, each in enumerate(report.mistakes):
        each.name = HOSTILE[place % len(HOSTILE)]
    page = page_of(report)
    assert not page.all("script") and len(page.all("style")) == 1
    assert all("onerror" not in attrs and "onload" not in attrs for _, attrs in page.elements)
    text = "".join(page.words)
    assert HOSTILE[0] in text and HOSTILE[3] in text and "\\xff\\xfe" in text
    assert "two\\nlines\\x1b[31m" in text and "\x1b" not in text
    assert "\\u202eevil" in text and "\u202e" not in text
    assert "x" * 201 not in "".join(
        word for word in page.words if "minitorch predict" not in word)


def test_commands_are_not_shortened():
    line = "minitorch predict " + "deep/" * 200 + "best.safetensors IMAGES..."
    page = page_of(report_of(["a", "b"], commands=[("classify", line)]))
    assert line in page.words


def test_numbers_are_the_examinations():
    report = report_of(["a", "b", "c"])
    text = "".join(page_of(report).words)
    scores = report.examination.scores
    for value in (*scores.precision, *scores.average("weighted").values()):
        assert f"{100 * value:.2f} %" in text
    wrong = int((report.examination.ranks > 0).sum())
    assert f"Guessed wrong: {wrong} of 60 images" in text
    assert len(page_of(report).all("img")) == min(wrong, 24)


def test_what_is_not_known_is_left_out():
    text = "".join(page_of(Report("a run", "stopped", ["a", "b"])).words)
    for word in ("Curves", "Confusion", "Mistakes", "nan", "None"):
        assert word not in text
    report = Report("a run", "stopped", ["a", "b"], history=history(1))
    assert "Curves" in "".join(page_of(report).words)


def test_no_mistake_at_all():
    found = Examination.empty(["a", "b"], [0, 1], 5)
    found.add(np.arange(2), np.eye(2, dtype=np.float32) * 9)
    report = Report("a run", "complete", ["a", "b"], examination=found)
    assert "None of the images was guessed wrong" in "".join(page_of(report).words)


def test_the_size_is_bounded():
    classes = [f"{index:04d} " + "long name " * 20 for index in range(1500)]
    report = report_of(classes, epochs=2000, count=3000)
    noise = np.random.default_rng(0)
    for each in report.mistakes:
        each.thumbnail = Image.fromarray(noise.integers(0, 256, (144, 144, 3), dtype=np.uint8))
    report.mistakes *= 20
    data = render(report)
    assert len(data) < 2_500_000
    assert 0 < len(Page(data.decode()).all("img")) < len(report.mistakes)


def test_charts_of_odd_histories():
    nan, inf = float("nan"), float("inf")
    for points in ([], [(1, 0.5)], [(1, nan), (2, inf)], [(1, 0.0), (2, 0.0)], [(1, 1e-12)],
                   [(epoch, 1e30 / epoch) for epoch in range(1, 5000)]):
        text = line_chart({"train": points, "val": points}, "label", str,
                          marked=points[-1] if points else None)
        Page(text)
        assert "nan" not in text and "inf" not in text and len(text) < 40_000


def test_chart_of_many_classes_is_a_small_picture():
    counts = np.eye(2500, dtype=np.int64) * 7
    text = confusion_chart(counts, [f"<{index}>" for index in range(2500)], "label")
    Page(text)
    assert "&lt;0&gt;" in text and len(text) < 400_000
    Page(sorted_columns(range(5000), "label"))
