"""The numbers of a run, epoch by epoch, as rows and as ``metrics.csv``."""

__all__ = ["COLUMNS", "history_row", "history_csv"]

COLUMNS = ("epoch", "split", "loss", "accuracy", "lr", "images_per_second", "seconds")


def history_row(epoch, split, result, lr):
    """One row: `epoch` counts from 1, `split` is "train" or "val", accuracy is a fraction."""
    return {"epoch": epoch, "split": split, "loss": result.loss, "accuracy": result.accuracy,
            "lr": lr, "images_per_second": result.images_per_second, "seconds": result.seconds}


def history_csv(rows):
    """The rows as the text of a CSV file with a header line."""
    lines = [",".join(COLUMNS)]
    for row in rows:
        lines.append(f"{row['epoch']},{row['split']},{row['loss']:.6g},{row['accuracy']:.6f},"
                     f"{row['lr']:g},{row['images_per_second']:.1f},{row['seconds']:.2f}")
    return "\n".join(lines) + "\n"
