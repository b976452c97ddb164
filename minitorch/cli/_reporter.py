"""What a finetuning run says while it trains: lines for a person, or JSON for a program."""

import json
import math

from minitorch.cli._common import Progress, message, report_unreadable, result

__all__ = ["JsonReporter", "Reporter", "write_event"]


class Reporter:
    """The bar while an epoch runs, and its line when it is over."""

    def __init__(self, finetuning):
        self.run = finetuning
        self.split = self.bar = None

    def on_step(self, split, metrics):
        self.unreadable()
        seen = metrics.result()
        if split != self.split:
            self._begin(split, seen.images)
        self.bar.update(seen.images, loss=f"{seen.loss:.3f}",
                        acc=f"{100 * seen.accuracy:.1f}%")

    def on_images(self, count):
        self.unreadable()
        if self.bar is None:
            self.bar = Progress("features", len(self.run.features), count)
        self.bar.update(count)

    def _begin(self, split, done):
        self.close()
        data = self.run.data.train if split == "train" else self.run.data.val
        batches = self.run.settings.limit_batches
        images = len(data) if batches is None else min(
            len(data), batches * self.run.settings.batch_size)
        epoch = f"epoch {self.run.state.epoch + 1}/{self.run.settings.epochs}"
        self.split, self.bar = split, Progress(f"{epoch} {split:5}", images, done)

    def on_epoch(self, state, improved):
        self.close()
        rows = epoch_rows(state)
        seconds = sum(row["seconds"] for row in rows.values())
        width = len(str(self.run.settings.epochs))
        parts = [f"{split} loss {row['loss']:.4f} acc {100 * row['accuracy']:6.2f} %"
                 for split, row in rows.items()]
        if self.run.settings.metric == "f1" and "val" in rows:
            parts[-1] += f" F1 {100 * rows['val']['f1']:6.2f} %"
        if self.run.settings.sched != "const" or self.run.settings.warmup:
            parts.append(f"lr {rows['train']['lr']:.3g}")
        result(f"epoch {state.epoch:{width}}/{self.run.settings.epochs}  {'  '.join(parts)}  "
               f"{_speed(rows['train']['images_per_second'])}"
               f"{seconds:.1f} s{'  (best)' if improved else ''}")

    def unreadable(self):
        """Name the files that could not be read since the last call."""
        report_unreadable(self.run.problems)

    def warning(self, text):
        """Say what the user should look at."""
        self.run.warnings.append(text)
        message(f"warning   {text}")

    def end(self, best, elapsed, model):
        """Say how it ended: `best` in words, `elapsed` a timedelta, `model` the file."""
        result(f"best validation {best} in epoch {self.run.state.best['epoch']}, "
               f"after {elapsed} in all")
        result(f"model     {model}")

    def stopped(self):
        """Say that it stopped before the end; what a person is told of it goes to stderr."""

    def close(self):
        if self.bar is not None:
            self.bar.close()
        self.split = self.bar = None


class JsonReporter(Reporter):
    """The same as JSON on stdout, an object per line: epochs, warnings and the end.

    What ends the command otherwise, `write_event` says with the event "error".
    """

    def on_epoch(self, state, improved):
        self.close()
        rows = {split: {name: value for name, value in row.items()
                        if name not in ("epoch", "split")}
                for split, row in epoch_rows(state).items()}
        write_event("epoch", epoch=state.epoch, epochs=self.run.settings.epochs, best=improved,
                    **rows)

    def unreadable(self):
        for path, reason in self.run.problems.take():
            write_event("warning", message=f"cannot read {path}: {reason}", path=path)

    def warning(self, text):
        self.run.warnings.append(text)
        write_event("warning", message=text)

    def end(self, best, elapsed, model):
        write_event("end", finished=True, epochs=self.run.state.epoch, best=self.run.state.best,
                    seconds=elapsed.total_seconds(), model=str(model))

    def stopped(self):
        write_event("end", finished=False, epochs=self.run.state.epoch, best=self.run.state.best)


def _speed(images_per_second):
    """Nothing for an epoch that was resumed after its last image."""
    return f"{images_per_second:.0f} images/s  " if math.isfinite(images_per_second) else ""


def epoch_rows(state):
    """The rows of the last epoch by split: "train", and "val" if it was validated."""
    return {row["split"]: row for row in state.history[-2:] if row["epoch"] == state.epoch}


def write_event(event, **fields):
    """One JSON object as a line on stdout."""
    result(json.dumps({"event": event} | _finite(fields)))


def _finite(value):
    """JSON has no words for NaN and infinity."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
