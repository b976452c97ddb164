"""Functions to train with, to import one by one or all together.

The parts: `train_one_epoch` and `evaluate` are plain loops; `freeze` and `unfreeze` choose what
trains, `parameter_groups` and `Schedule` how fast; `TrainingLoss` weighs classes and smooths
labels; `exponential_average` keeps an average of the weights; `FeatureTable` computes once what a
frozen trunk makes of the images; `EpochBatches` is an order of samples that can be continued;
`fit` goes from epoch to epoch; `save_checkpoint` and `load_checkpoint` keep a run; `save_model`
and `load_model` keep a model with all that prediction needs; `draw_curves` shows how it went,
`examine` what a model makes of each image; `watch` warns of mistakes in any loop.
`FinetuneRun` is these parts put together, as ``minitorch finetune`` runs them.
"""

from minitorch.training.checkpoint import load_checkpoint, restore_checkpoint, save_checkpoint
from minitorch.training.data import (
    DataSplit,
    ImageList,
    ReadProblems,
    digits_data,
    folder_data,
    labelled_images,
    make_loader,
    part_of,
    stratified_split,
)
from minitorch.training.ema import average_of_part, exponential_average
from minitorch.training.errors import CheckpointMismatch, DataError, WeightsError
from minitorch.training.features import (
    FeatureBatches,
    FeatureTable,
    FrozenTrunk,
    trunk_features,
    without_head,
)
from minitorch.training.fit import TrainingState, fit
from minitorch.training.freezing import freeze, freeze_norm, train_only, unfreeze
from minitorch.training.groups import parameter_groups, stages
from minitorch.training.history import history_csv, history_row
from minitorch.training.loop import evaluate, predict, train_one_epoch
from minitorch.training.losses import TrainingLoss, balanced_weights, read_class_weights
from minitorch.training.metrics import (
    ClassScores,
    EpochResult,
    RunningMetrics,
    accuracy,
    class_scores,
    macro_f1,
)
from minitorch.training.model_io import ModelInfo, build_model, load_model, save_model
from minitorch.training.nurse import Nurse, watch
from minitorch.training.prediction import predict_images
from minitorch.training.preprocessing import Preprocessing
from minitorch.training.report.curves import draw_curves
from minitorch.training.report.examination import Examination, examine
from minitorch.training.run.finetune import FinetuneRun, load_data, trained_parts
from minitorch.training.sampling import EpochBatches, balanced_order
from minitorch.training.schedule import Schedule
from minitorch.training.settings import ARCHITECTURES, DEFAULTS, FinetuneSettings
from minitorch.training.signals import StopSignal
from minitorch.training.weights import Pretrained, adopt_weights, find_weights, load_weights

__all__ = [
    "ARCHITECTURES",
    "CheckpointMismatch",
    "ClassScores",
    "DEFAULTS",
    "DataError",
    "DataSplit",
    "EpochBatches",
    "EpochResult",
    "Examination",
    "FeatureBatches",
    "FeatureTable",
    "FinetuneRun",
    "FinetuneSettings",
    "FrozenTrunk",
    "ImageList",
    "ModelInfo",
    "Nurse",
    "Preprocessing",
    "Pretrained",
    "ReadProblems",
    "RunningMetrics",
    "Schedule",
    "StopSignal",
    "TrainingLoss",
    "TrainingState",
    "WeightsError",
    "accuracy",
    "adopt_weights",
    "average_of_part",
    "balanced_order",
    "balanced_weights",
    "build_model",
    "class_scores",
    "digits_data",
    "draw_curves",
    "evaluate",
    "exponential_average",
    "examine",
    "find_weights",
    "fit",
    "folder_data",
    "freeze",
    "freeze_norm",
    "history_csv",
    "history_row",
    "labelled_images",
    "load_checkpoint",
    "load_data",
    "load_model",
    "load_weights",
    "macro_f1",
    "make_loader",
    "parameter_groups",
    "part_of",
    "predict",
    "predict_images",
    "read_class_weights",
    "restore_checkpoint",
    "save_checkpoint",
    "save_model",
    "stages",
    "stratified_split",
    "train_one_epoch",
    "train_only",
    "trained_parts",
    "trunk_features",
    "unfreeze",
    "watch",
    "without_head",
]
