"""One visible loop, and a step per kind of training."""

from depthlib.training.config import (
    ConditionalGanTraining,
    D3NetTraining,
    TrainConfig,
    VideoGanTraining,
)
from depthlib.training.evaluate import Evaluation, evaluate
from depthlib.training.loop import (
    History,
    TrainingDivergedError,
    fit,
    learning_rate,
)
from depthlib.training.stream import SampleStream

__all__ = [
    "ConditionalGanTraining",
    "D3NetTraining",
    "Evaluation",
    "History",
    "SampleStream",
    "TrainConfig",
    "TrainingDivergedError",
    "VideoGanTraining",
    "evaluate",
    "fit",
    "learning_rate",
]
