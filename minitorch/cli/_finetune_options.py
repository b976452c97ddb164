"""The options of ``minitorch finetune``: names, limits and help."""

from minitorch.cli._common import add_machine_options, number
from minitorch.training.settings import (
    ARCHITECTURES,
    AUGMENTATIONS,
    CHOICES,
    DEFAULTS,
    FinetuneSettings,
)

__all__ = ["SUMMARY", "add_parser", "setting_names"]

SUMMARY = "train a pretrained ResNet on a folder of images"
DESCRIPTION = """
Finetune a pretrained ResNet on images in folders, one folder per class.

examples:
  minitorch finetune                      the bundled digits, from embedded weights; no network
  minitorch finetune --data photos        photos/cats/*.jpg, photos/dogs/*.jpg, ...
  minitorch finetune --data photos --weights resnet18.pth --train layer4 --output runs/cats
  minitorch finetune --data photos --epochs 12 --unfreeze-at 4 --body-lr-mult 0.1 \\
                     --sched cosine --warmup 0.5 --ema 0.99
  minitorch finetune --data photos --train all --aug standard --mixup 0.2 --dry-run
  minitorch finetune --output runs/cats --resume
"""
EPILOG = """
In --output: config.json (all settings; --config takes it), metrics.csv (a line per epoch and
split), best.safetensors (for 'minitorch predict'), last.ckpt (for --resume; while a run lasts,
previous.ckpt is the one before), curves.png, report.html (all that is known, on one page).

exit codes: 0 done, 1 failed, 2 wrong usage, 130 Ctrl-C and 143 SIGTERM (last.ckpt is saved).
"""


def add_parser(subparsers):
    """Add ``finetune`` to the parser of the commands."""
    parser = subparsers.add_parser("finetune", help=SUMMARY, description=DESCRIPTION,
                                   epilog=EPILOG, usage="%(prog)s [OPTION ...]")
    _add_data_options(parser.add_argument_group("data"))
    _add_augmentation_options(parser.add_argument_group("augmentation"))
    _add_model_options(parser.add_argument_group("model"))
    _add_training_options(parser.add_argument_group("training"))
    _add_rate_options(parser.add_argument_group("learning rate"))
    _add_judging_options(parser.add_argument_group("validation"))
    add_machine_options(parser.add_argument_group("machine (what may change on --resume)"))
    _add_output_options(parser.add_argument_group("output"))
    # None means "not said": --resume must tell a flag from a default.
    parser.set_defaults(**{name: None for name in setting_names()})


def setting_names():
    """The options that are settings of a run, and stand in its config.json."""
    return list(FinetuneSettings.__dataclass_fields__)


def _add_data_options(group):
    group.add_argument("--data", metavar="DIR|digits",
                       help="folder of class folders, or of 'train' and 'val' (default: digits)")
    group.add_argument("--val", metavar="DIR",
                       help="folder that validates; its classes are matched by name")
    group.add_argument("--val-fraction", type=number(float, 0, 1, True, True), metavar="X",
                       help="share of each class that validates without 'val' (default: 0.2)")
    group.add_argument("--max-train-samples", type=number(int, 2), metavar="N",
                       help="train on N images only; classes keep their shares")
    group.add_argument("--sampler", choices=CHOICES["sampler"], metavar="HOW",
                       help="shuffle, or balanced: classes equally often (default: shuffle)")
    group.add_argument("--class-weights", metavar="HOW|FILE",
                       help="in the loss: none, balanced (the rarer the more), or FILE, as JSON "
                            "or lines 'class weight' (default: none)")
    group.add_argument("--image-size", type=number(int, 8, 4096), metavar="PIXELS",
                       help=f"side of the square that is seen ({_default('image_size')})")
    group.add_argument("--bad-images", choices=CHOICES["bad_images"], metavar="HOW",
                       help="files that cannot be read; skip: leave out when met; list: decode "
                            "all first and name the bad ones; fail: do not train (default: skip)")
    group.add_argument("--no-exif", dest="exif", action="store_false",
                       help="ignore the orientation that a camera wrote into the file")


def _add_augmentation_options(group):
    group.add_argument("--aug", choices=CHOICES["aug"], metavar="HOW",
                       help="change training images at random; light: crops and mirror images; "
                            "standard: smaller crops, colours, erasing too (default: none)")
    group.add_argument("--scale", type=number(float, 0, 1, low_open=True), metavar="MIN",
                       help="least area that a crop keeps "
                            f"({_of_aug('scale')}; with the digits: 0.7)")
    group.add_argument("--hflip", type=number(float, 0, 1), metavar="P",
                       help="share of mirror images "
                            f"({_of_aug('hflip')}; with the digits: 0)")
    group.add_argument("--jitter", type=number(float, 0), metavar="X",
                       help=f"brightness, contrast, saturation by up to X ({_of_aug('jitter')})")
    group.add_argument("--erasing", type=number(float, 0, 1), metavar="P",
                       help=f"probability of an erased rectangle ({_of_aug('erasing')})")
    group.add_argument("--mixup", type=number(float, 0), metavar="ALPHA",
                       help="blend images of a batch, and labels, in shares from the distribution "
                            "Beta(ALPHA, ALPHA), as 0.2 (default: 0, off)")
    group.add_argument("--cutmix", type=number(float, 0), metavar="ALPHA",
                       help="paste a rectangle of another image instead, as 1.0; with --mixup a "
                            "coin decides for each batch (default: 0, off)")


def _add_model_options(group):
    group.add_argument("--arch", choices=ARCHITECTURES, metavar="NAME",
                       help=f"{', '.join(ARCHITECTURES[:-1])} or {ARCHITECTURES[-1]} "
                            "(default: resnet18)")
    group.add_argument("--weights", metavar="FILE|NAME",
                       help="file (.pth, .safetensors), imagenet (downloaded once), digits, none "
                            f"(random) ({_default('weights')})")
    group.add_argument("--train", metavar="WHAT",
                       help="head, all, or parts, as layer3,layer4; else frozen, with BatchNorm's "
                            f"statistics ({_default('train')})")
    group.add_argument("--freeze", metavar="WHAT",
                       help="the same by what is frozen: none, backbone, until:LAYER; or, beside "
                            "--train, bn: every BatchNorm")
    group.add_argument("--unfreeze-at", type=number(int, 2), metavar="EPOCH",
                       help="from this epoch on (the first is 1) everything trains")
    group.add_argument("--bn-train", action="store_true",
                       help="frozen BatchNorm layers adapt their statistics, as in PyTorch")


def _add_training_options(group):
    group.add_argument("--epochs", type=number(int, 1), metavar="N",
                       help=f"passes over the training images ({_default('epochs')})")
    group.add_argument("--batch-size", type=number(int, 1), metavar="N",
                       help=f"images per batch ({_default('batch_size')})")
    group.add_argument("--accum", type=number(int, 1), metavar="N",
                       help="batches per step of the optimizer (default: 1)")
    group.add_argument("--drop-last", choices=CHOICES["drop_last"], metavar="HOW",
                       help="a last batch that is not full: yes, no, or auto: keep it, but merge "
                            "a single image into the batch before (default: auto)")
    group.add_argument("--momentum", type=number(float, 0), metavar="X", help="(default: 0.9)")
    group.add_argument("--nesterov", action="store_true", help="look ahead by the momentum")
    group.add_argument("--weight-decay", type=number(float, 0), metavar="X",
                       help="(default: 0.0001)")
    group.add_argument("--clip-grad", type=number(float, 0, low_open=True), metavar="NORM",
                       help="scale a step's gradient down to this norm")
    group.add_argument("--smoothing", type=number(float, 0, 1, high_open=True), metavar="X",
                       help="share of each label spread over all classes (default: 0)")
    group.add_argument("--ema", type=number(float, 0, 1, high_open=True), metavar="DECAY",
                       help="validate and keep an average of weights over 1 / (1 - DECAY) steps")
    group.add_argument("--seed", type=number(int, 0, 2 ** 63 - 1), metavar="N",
                       help="decides the split, the order and the first weights (default: 0)")
    group.add_argument("--limit-batches", type=number(int, 1), metavar="N",
                       help="end each epoch and validation after N batches, to try a run out")
    group.add_argument("--no-feature-cache", dest="feature_cache", action="store_false",
                       help="where only the head trains: run the frozen trunk in every epoch, not "
                            "once for this and later runs; the result is the same to the bit")


def _add_rate_options(group):
    group.add_argument("--lr", type=number(float, 0, low_open=True), metavar="X",
                       help=f"learning rate of SGD ({_default('lr')})")
    group.add_argument("--body-lr-mult", type=number(float, 0, low_open=True), metavar="X",
                       help="times --lr: the rate of all but the head (default: 1)")
    group.add_argument("--layer-decay", type=number(float, 0, low_open=True), metavar="X",
                       help="times that, once more per stage below the head (default: 1)")
    group.add_argument("--sched", choices=CHOICES["sched"], metavar="HOW",
                       help="const, step (down by steps), cosine, onecycle (up and down) or "
                            "plateau: down when --metric stalls (default: const)")
    group.add_argument("--warmup", type=number(float, 0), metavar="EPOCHS",
                       help="rise to --lr, as 0.5 (default: 0; onecycle: 0.3 of the run)")
    group.add_argument("--min-lr", type=number(float, 0), metavar="X",
                       help="what a schedule does not go below (default: 0)")
    group.add_argument("--step-size", type=number(int, 1), metavar="EPOCHS",
                       help="step: epochs from one to the next (default: a third of all)")
    group.add_argument("--gamma", type=number(float, 0, 1, True, True), metavar="X",
                       help="step, plateau: the factor of the rate (default: 0.1)")
    group.add_argument("--patience", type=number(int, 0), metavar="N",
                       help="plateau: validations without a better one let pass (default: 2)")


def _add_judging_options(group):
    group.add_argument("--metric", choices=CHOICES["metric"], metavar="WHAT",
                       help="the best by acc1, f1 (mean of classes) or loss (default: acc1)")
    group.add_argument("--eval-every", type=number(int, 1), metavar="EPOCHS",
                       help="validate after every so many, and the last (default: 1)")
    group.add_argument("--early-stop", type=number(int, 1), metavar="EPOCHS",
                       help="end when the best validation lies so many back")


def _add_output_options(group):
    group.add_argument("--output", metavar="DIR",
                       help="folder of the run (default: runs/<date-time>)")
    group.add_argument("--checkpoint-every", type=number(float, 0), metavar="MIN",
                       help="write last.ckpt so often within an epoch too (default: 5)")
    group.add_argument("--config", metavar="FILE",
                       help="take the settings from a config.json; flags win over it")
    group.add_argument("--resume", action="store_true",
                       help="continue the run in --output, to the same bits as if never stopped; "
                            "its settings stay, but for --workers, --threads, "
                            "--checkpoint-every; one killed before its first file starts anew")
    group.add_argument("--force", action="store_true",
                       help="replace the run in --output, if there is one")
    group.add_argument("--no-report", dest="report", action="store_false",
                       help="no report.html, which costs a pass over the validation images")
    group.add_argument("--dry-run", action="store_true",
                       help="write nothing; tell what the run would do, its time, memory, disk")
    group.add_argument("--log", choices=("text", "json"), default="text", metavar="FORMAT",
                       help="text (default), or json: a line per epoch, warning, error and end")


def _of_aug(name):
    light, standard = (AUGMENTATIONS[kind][name] for kind in ("light", "standard"))
    if light == standard:
        return f"light, standard: {light:g}"
    return f"light: {light:g}, standard: {standard:g}"


def _default(name):
    digits, folder = DEFAULTS["digits"][name], DEFAULTS["folder"][name]
    if digits == folder:
        return f"default: {digits}"
    return f"default: {folder}; with the digits: {digits}"
