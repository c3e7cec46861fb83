"""Stage cross_validate@family: search the family's configurations by k-fold cross-validation."""

import sys
from pathlib import Path

import tenfold.runtime.program as program
from tenfold import dataset, models, params, runtime, tracking
from tenfold.dataset import Schema
from tenfold.models import FitSettings
from tenfold.params import SearchSpace
from tenfold.params.starting_points import starting_points
from tenfold.reporting import terminal
from tenfold.tuning import generations, kept, pretrained, search
from tenfold.tuning.evaluation import Evaluator, Inputs

SPLIT = Path("outputs/split")
TRAIN, FOLDS = SPLIT / "train.parquet", SPLIT / "folds.parquet"
SCHEMA, DECIDING = SPLIT / "schema.json", SPLIT / "deciding.json"


def main() -> None:
    """Find the best configurations; keep their scores and predictions, and every trial."""
    name = sys.argv[1]
    experiment = params.load(models)
    declared, deciding = experiment.models[name], runtime.read_json(DECIDING)
    schema = Schema.from_json(runtime.read_json(SCHEMA))
    train = dataset.read(TRAIN, schema, FOLDS)
    source = declared.get("init_from")
    start = pretrained.fetch(source, name, schema, tracking.load_model) if source else None
    space = SearchSpace(declared, models.parameters(name))
    tune = generations.resolve(experiment.tune, space, train, experiment.task)
    defaults = models.parameters(name).defaults(experiment.task)
    first = starting_points(space, defaults, tune.enqueue.get(name, ()))
    evaluate = Evaluator(
        models.family(name),
        Inputs(train, experiment.preprocessing, start, experiment.seed),
        FitSettings(experiment.task, schema.classes, experiment.trainer.model_dump()),
        [deciding["metric"]],
        runtime.derive_seed(experiment.seed, name),
        deciding["positive"],
    )
    asked = experiment.model_dump(mode="json", include={"seed", "preprocessing", "tune", "trainer"})
    code = runtime.custom_code.training_code(name, evaluate.metric)
    inputs = [asked, code, *map(runtime.digest, (DECIDING, SCHEMA, TRAIN, FOLDS))]
    scratch = runtime.scratch("studies", name, declared, inputs, start and start.digest())
    shown = terminal.on_terminal(experiment.run.progress)
    with terminal.progress(name, evaluate.metric, shown=shown) as show:
        trials = search.search(space, evaluate, tune, scratch, show, first)
    best = search.best(trials, evaluate.metric)
    ranked = search.ranked(trials, evaluate.metric)[: tune.n_kept]
    with runtime.directory(Path("outputs/cross_validate") / name) as out:
        kept.write(out, ranked, trials, train, start, **generations.noted(experiment.tune, tune))
    runtime.discard(scratch)
    print(terminal.search_summary(name, trials, best, evaluate.metric, space.size))


if __name__ == "__main__":
    made = Path("outputs/cross_validate", sys.argv[1])
    program.run(f"cross_validate@{sys.argv[1]}", main, made)
