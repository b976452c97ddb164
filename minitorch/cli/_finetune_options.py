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
  minitorch finetune
      the bundled handwritten digits, from the embedded weights; needs no network
  minitorch finetune --data photos --epochs 10
      photos/cats/*.jpg, photos/dogs/*.jpg, ...; a share of each class validates
  minitorch finetune --data photos --weights resnet18.pth --train layer4 --output runs/cats
      photos/train/* and photos/val/* if both exist; train the last stage and the head
  minitorch finetune --data photos --epochs 12 --unfreeze-at 4 --body-lr-mult 0.1 \\
                     --sched cosine --warmup 0.5 --ema 0.99
      three epochs of the head alone, then everything, the pretrained layers more slowly
  minitorch finetune --data photos --train all --aug standard --mixup 0.2 --dry-run
      what a run on randomly changed images would take, measured; nothing is written
  minitorch finetune --output runs/cats --resume
      go on where the run in runs/cats stopped
"""
EPILOG = """
In --output: config.json (all settings; --config takes it), metrics.csv (a line per epoch and
split), best.safetensors (the model with its classes and preprocessing, for 'minitorch predict'),
last.ckpt (for --resume; while a run lasts, previous.ckpt is the one before), curves.png,
report.html (all that is known, as one page to look at).

exit codes: 0 done, 1 the job failed, 2 wrong usage, 130 interrupted by Ctrl-C (143 by SIGTERM)
after saving last.ckpt.
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
                       help="folder with one folder of images per class, or with 'train' and "
                            "'val' of such folders; or the bundled digits (default: digits)")
    group.add_argument("--val", metavar="DIR",
                       help="folder with one folder of images per class, which validates; the "
                            "classes are matched by name")
    group.add_argument("--val-fraction", type=number(float, 0, 1, True, True), metavar="X",
                       help="share of each class that validates, where there is no 'val' folder "
                            "(default: 0.2)")
    group.add_argument("--max-train-samples", type=number(int, 2), metavar="N",
                       help="train on N images only, drawn so that classes keep their shares")
    group.add_argument("--sampler", choices=CHOICES["sampler"],
                       help="shuffle: each image once an epoch; balanced: all classes equally "
                            "often, rare ones repeated (default: shuffle)")
    group.add_argument("--class-weights", metavar="none|balanced|FILE",
                       help="weight of each class in the loss; balanced: the rarer the more; FILE: "
                            "JSON or lines 'class weight' (default: none)")
    group.add_argument("--image-size", type=number(int, 8, 4096), metavar="PIXELS",
                       help=f"side of the square that the network sees ({_default('image_size')})")
    group.add_argument("--bad-images", choices=CHOICES["bad_images"],
                       help="files that cannot be read; skip: leave them out as they are met; "
                            "list: decode all images first, name the bad ones, train without "
                            "them; fail: do not train if there is one (default: skip)")
    group.add_argument("--no-exif", dest="exif", action="store_false",
                       help="ignore the orientation that a camera wrote into the file")


def _add_augmentation_options(group):
    group.add_argument("--aug", choices=CHOICES["aug"],
                       help="change the training images at random; light: crops and mirror "
                            "images; standard: smaller crops, colours and erased rectangles too "
                            "(default: none)")
    group.add_argument("--scale", type=number(float, 0, 1, low_open=True), metavar="MIN",
                       help="least share of the area that a crop keeps "
                            f"({_of_aug('scale')}; with the digits: 0.7)")
    group.add_argument("--hflip", type=number(float, 0, 1), metavar="P",
                       help="probability of the mirror image "
                            f"({_of_aug('hflip')}; with the digits: 0)")
    group.add_argument("--jitter", type=number(float, 0), metavar="X",
                       help="change brightness, contrast and saturation by up to X "
                            f"({_of_aug('jitter')})")
    group.add_argument("--erasing", type=number(float, 0, 1), metavar="P",
                       help=f"probability of an erased rectangle ({_of_aug('erasing')})")
    group.add_argument("--mixup", type=number(float, 0), metavar="ALPHA",
                       help="blend each image with another of its batch, in shares from the "
                            "distribution Beta(ALPHA, ALPHA), as 0.2; labels too (default: 0, off)")
    group.add_argument("--cutmix", type=number(float, 0), metavar="ALPHA",
                       help="paste a rectangle of another image instead, as 1.0; with --mixup a "
                            "coin decides for each batch (default: 0, off)")


def _add_model_options(group):
    group.add_argument("--arch", choices=ARCHITECTURES, metavar="NAME",
                       help=f"{', '.join(ARCHITECTURES[:-1])} or {ARCHITECTURES[-1]} "
                            "(default: resnet18)")
    group.add_argument("--weights", metavar="FILE|imagenet|digits|none",
                       help="where to start: a .pth or .safetensors file, ImageNet weights "
                            "(downloaded once), the embedded digits weights, or random numbers "
                            f"({_default('weights')})")
    group.add_argument("--train", metavar="head|all|NAME,...",
                       help="what to train: the last layer, everything, or parts by name, as "
                            "layer4 or layer3,layer4 (the head always trains); the rest is "
                            f"frozen, its BatchNorm statistics too ({_default('train')})")
    group.add_argument("--freeze", metavar="none|backbone|until:LAYER|bn",
                       help="the same by what is frozen: nothing, all but the head, all up to a "
                            "layer; or, beside --train, every BatchNorm")
    group.add_argument("--unfreeze-at", type=number(int, 2), metavar="EPOCH",
                       help="from this epoch on (the first is 1) everything trains")
    group.add_argument("--bn-train", action="store_true",
                       help="let frozen BatchNorm layers go on adapting their statistics, as "
                            "PyTorch does")


def _add_training_options(group):
    group.add_argument("--epochs", type=number(int, 1), metavar="N",
                       help=f"passes over the training images ({_default('epochs')})")
    group.add_argument("--batch-size", type=number(int, 1), metavar="N",
                       help=f"images per batch ({_default('batch_size')})")
    group.add_argument("--accum", type=number(int, 1), metavar="N",
                       help="batches per step of the optimizer (default: 1)")
    group.add_argument("--drop-last", choices=CHOICES["drop_last"],
                       help="leave out a last batch that is not full; auto: keep it, and merge a "
                            "single image into the batch before (default: auto)")
    group.add_argument("--momentum", type=number(float, 0), metavar="X", help="(default: 0.9)")
    group.add_argument("--nesterov", action="store_true", help="look ahead by the momentum")
    group.add_argument("--weight-decay", type=number(float, 0), metavar="X",
                       help="(default: 0.0001)")
    group.add_argument("--clip-grad", type=number(float, 0, low_open=True), metavar="NORM",
                       help="scale a step's gradient down to this norm")
    group.add_argument("--smoothing", type=number(float, 0, 1, high_open=True), metavar="X",
                       help="share of each label that is spread over all classes (default: 0)")
    group.add_argument("--ema", type=number(float, 0, 1, high_open=True), metavar="DECAY",
                       help="validate and keep an exponential average of the weights; of about "
                            "1 / (1 - DECAY) steps, as 0.99 for 100")
    group.add_argument("--seed", type=number(int, 0, 2 ** 63 - 1), metavar="N",
                       help="decides the split, the order and the first weights (default: 0)")
    group.add_argument("--limit-batches", type=number(int, 1), metavar="N",
                       help="end each epoch and validation after N batches, to try a run out")
    group.add_argument("--no-feature-cache", dest="feature_cache", action="store_false",
                       help="where only the head trains: run the frozen trunk over the images in "
                            "every epoch, instead of once and keeping its features for later "
                            "runs; the result is the same to the bit")


def _add_rate_options(group):
    group.add_argument("--lr", type=number(float, 0, low_open=True), metavar="X",
                       help=f"learning rate of SGD ({_default('lr')})")
    group.add_argument("--body-lr-mult", type=number(float, 0, low_open=True), metavar="X",
                       help="times --lr: the rate of all but the head (default: 1)")
    group.add_argument("--layer-decay", type=number(float, 0, low_open=True), metavar="X",
                       help="times that, once more per stage below the head: layer4, layer3, ... "
                            "(default: 1)")
    group.add_argument("--sched", choices=CHOICES["sched"],
                       help="how it goes on: the same throughout, down by steps, along a cosine, "
                            "up and down, down when --metric stalls (default: const)")
    group.add_argument("--warmup", type=number(float, 0), metavar="EPOCHS",
                       help="rise to --lr along a line; parts of an epoch too, as 0.5 "
                            "(default: 0; onecycle: 0.3 of the run)")
    group.add_argument("--min-lr", type=number(float, 0), metavar="X",
                       help="what a schedule does not go below (default: 0)")
    group.add_argument("--step-size", type=number(int, 1), metavar="EPOCHS",
                       help="step: from one step to the next (default: a third of --epochs)")
    group.add_argument("--gamma", type=number(float, 0, 1, True, True), metavar="X",
                       help="step, plateau: the factor of the rate (default: 0.1)")
    group.add_argument("--patience", type=number(int, 0), metavar="N",
                       help="plateau: validations without a better one let pass (default: 2)")


def _add_judging_options(group):
    group.add_argument("--metric", choices=CHOICES["metric"],
                       help="what makes a validation the best: accuracy, the mean F1 of the "
                            "classes, or the loss (default: acc1)")
    group.add_argument("--eval-every", type=number(int, 1), metavar="EPOCHS",
                       help="validate after every so many, and the last (default: 1)")
    group.add_argument("--early-stop", type=number(int, 1), metavar="EPOCHS",
                       help="end when the best validation lies so many back")


def _add_output_options(group):
    group.add_argument("--output", metavar="DIR",
                       help="folder of the run (default: runs/<date-time>)")
    group.add_argument("--checkpoint-every", type=number(float, 0), metavar="MINUTES",
                       help="write last.ckpt within an epoch too, so that a run that is killed "
                            "loses no more than this (default: 5)")
    group.add_argument("--config", metavar="FILE",
                       help="take the settings from a run's config.json; flags win over it")
    group.add_argument("--resume", action="store_true",
                       help="continue the run in --output, to the same bits as if it had never "
                            "stopped; its settings are kept, and a flag that contradicts them is "
                            "an error, but for --workers, --threads and --checkpoint-every; a "
                            "run that was killed before its first file is started")
    group.add_argument("--force", action="store_true",
                       help="replace the run in --output, if there is one")
    group.add_argument("--no-report", dest="report", action="store_false",
                       help="write no report.html, which costs a pass over the validation images")
    group.add_argument("--dry-run", action="store_true",
                       help="measure a few steps, print what the run would do, how long it would "
                            "take and how much memory and disk, and write nothing")
    group.add_argument("--log", choices=("text", "json"), default="text",
                       help="json: an object per line on stdout for each epoch, warning and the "
                            "end (default: text)")


def _of_aug(name):
    return f"light: {AUGMENTATIONS['light'][name]:g}, standard: {AUGMENTATIONS['standard'][name]:g}"


def _default(name):
    digits, folder = DEFAULTS["digits"][name], DEFAULTS["folder"][name]
    if digits == folder:
        return f"default: {digits}"
    return f"default: {folder}; with the digits: {digits}"
