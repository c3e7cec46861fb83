"""Refusals of params.yaml itself, whatever the table: keys, values, and pairs that contradict."""

from __future__ import annotations

from tests.cures.refusals import REMOVED, Change, database, refusal

CASES = [
    refusal(
        "no params.yaml",
        Change(
            "there is no file params.yaml in", files={"params.yaml": lambda path: path.unlink()}
        ),
        Change("run this in the project", files={"params.yaml": REMOVED}),
    ),
    refusal(
        "params.yaml is no UTF-8",
        Change("params.yaml must be UTF-8 text", files={"params.yaml": b"name: \xff\n"}),
        Change("must be UTF-8 text", files={"params.yaml": REMOVED}),
    ),
    refusal(
        "params.yaml is no YAML",
        Change("params.yaml is not valid YAML", files={"params.yaml": "name: [a\n"}),
        Change("line 2, column 1", files={"params.yaml": REMOVED}),
    ),
    refusal(
        "params.yaml is empty",
        Change("must hold a mapping of keys to values, but is None", files={"params.yaml": ""}),
        Change("must hold a mapping of keys to values", files={"params.yaml": REMOVED}),
    ),
    refusal(
        "a misspelt key",
        Change("params.yaml: unknown key 'sedd'", {"sedd": 3}),
        Change("did you mean 'seed'?", {"sedd": REMOVED, "seed": 3}),
    ),
    refusal(
        "a key that is like none",
        Change("params.yaml: unknown key 'clean.qqqq'", {"clean.qqqq": 3}),
        Change("remove it", {"clean.qqqq": REMOVED}),
    ),
    refusal(
        "a section that is not there",
        Change("'clean' is required", {"clean": REMOVED}),
        Change("add `clean: {}` for its defaults", {"clean": {}}),
    ),
    refusal(
        "a key that is not there",
        Change("'data.target' is required", {"data.target": REMOVED}),
        Change("add it", {"data.target": "y"}),
    ),
    refusal(
        "a key that is no text",
        Change(
            "a key must be a text, but got 1", files={"params.yaml": "clean: {types: {1: text}}"}
        ),
        Change("put it in quotes", files={"params.yaml": REMOVED}),
    ),
    refusal(
        "a text for a truth",
        Change("clean.trim must be true or false, but got 'yes'", {"clean.trim": "yes"}),
        Change("must be true or false", {"clean.trim": True}),
    ),
    refusal(
        "a text for a section",
        Change("tune must be a mapping of keys to values, but got 'none'", {"tune": "none"}),
        Change("must be a mapping of keys to values", {"tune": {}}),
    ),
    refusal(
        "a list for a mapping of columns",
        Change("clean.types must be a mapping of keys to values, but got []", {"clean.types": []}),
        Change("must be a mapping of keys to values", {"clean.types": {}}),
    ),
    refusal(
        "a number that is infinite",
        Change(
            "clean.ranges.x.max must be a finite number, but got inf",
            {"clean.ranges": {"x": {"max": float("inf")}}},
        ),
        Change("must be a finite number", {"clean.ranges": {"x": {"max": 99}}}),
    ),
    refusal(
        "a text for a number",
        Change(
            "split.test_size must be a number, but got 'a quarter'",
            {"split.test_size": "a quarter"},
        ),
        Change("must be a number", {"split.test_size": 0.25}),
    ),
    refusal(
        "a fraction for an integer",
        Change("seed must be an integer, but got 0.5", {"seed": 0.5}),
        Change("must be an integer", {"seed": 5}),
    ),
    refusal(
        "a text for an integer",
        Change("seed must be an integer, but got 'seven'", {"seed": "seven"}),
        Change("must be an integer", {"seed": 7}),
    ),
    refusal(
        "a number out of bounds",
        Change(
            "split.n_splits must be greater than or equal to 2, but got 1", {"split.n_splits": 1}
        ),
        Change("must be greater than or equal to 2", {"split.n_splits": 2}),
    ),
    refusal(
        "a text for a list",
        Change("clean.require must be a list, but got 'x > 0'", {"clean.require": "x > 0"}),
        Change("must be a list", {"clean.require": ["x > 0"]}),
    ),
    refusal(
        "a name that is no name",
        Change("name must be a name of letters, digits, spaces and _ . -", {"name": "a/b"}),
        Change("a name of letters, digits, spaces", {"name": "a b"}),
    ),
    refusal(
        "a name that is long",
        Change("name must be a text of at most 100 characters", {"name": "a" * 101}),
        Change("at most 100 characters", {"name": "a" * 100}),
    ),
    refusal(
        "a mark of two characters",
        Change("data.delimiter must be", {"data.delimiter": ";;"}),
        Change("a single character", {"data.delimiter": ","}),
    ),
    refusal(
        "an empty text",
        Change("data.target must be a text that is not empty", {"data.target": ""}),
        Change("must be a text that is not empty", {"data.target": "y"}),
    ),
    refusal(
        "a number for a text",
        Change("name must be a text, but got 7", {"name": 7}),
        Change("must be a text", {"name": "7"}),
    ),
    refusal(
        "an empty list",
        Change("metrics must not be empty", {"metrics": []}),
        Change("name one or more", {"metrics": ["accuracy"]}),
    ),
    refusal(
        "a misspelt choice",
        Change("split.strategy must be", {"split.strategy": "stratifid"}),
        Change("did you mean 'stratified'?", {"split.strategy": "stratified"}),
    ),
    refusal(
        "a choice that is like none",
        Change("task must be 'regression', 'binary' or 'multiclass'", {"task": "qqqq"}),
        Change("'regression', 'binary' or 'multiclass'", {"task": "binary"}),
    ),
    # Pairs that contradict.
    refusal(
        "an unknown metric",
        Change("metrics: unknown metric 'acuracy'", {"metrics": ["acuracy"]}),
        Change("did you mean 'accuracy'?", {"metrics": ["accuracy"]}),
    ),
    refusal(
        "a metric of another task",
        Change("metrics: 'mse' does not fit task 'binary'", {"metrics": ["mse"]}),
        Change("choose from", {"metrics": ["accuracy"]}),
    ),
    refusal(
        "a number after a metric that takes none",
        Change("metrics: accuracy takes no number", {"metrics": ["accuracy@0.3"]}),
        Change("write accuracy", {"metrics": ["accuracy"]}),
    ),
    refusal(
        "a quantile that is missing",
        Change(
            "metrics: pinball needs a quantile",
            {"task": "regression", "metrics": ["pinball"], "data.target": "x"},
        ),
        Change("write, for instance, pinball@0.9", {"metrics": ["pinball@0.9"]}),
    ),
    refusal(
        "a threshold that is no share",
        Change(
            "the threshold of recall must be a number between 0 and 1, but got 'recall@3'",
            {"metrics": ["recall@3"]},
        ),
        Change("write, for instance, recall@0.3", {"metrics": ["recall@0.3"]}),
    ),
    refusal(
        "a positive class of numbers",
        Change(
            "data.positive_class is one of two classes, but got 1 with task 'regression'",
            {
                **{"task": "regression", "metrics": ["mae"], "data.target": "x"},
                "data.positive_class": 1,
            },
        ),
        Change("leave it out", {"data.positive_class": REMOVED}),
    ),
    refusal(
        "a metric twice",
        Change("metrics: each must be named once", {"metrics": ["accuracy", "accuracy"]}),
        Change("must be named once", {"metrics": ["accuracy"]}),
    ),
    refusal(
        "the target dropped",
        Change("clean.drop_columns must not hold data.target", {"clean.drop_columns": ["y"]}),
        Change("remove it there", {"clean.drop_columns": []}),
    ),
    refusal(
        "one mark for decimals and thousands",
        Change(
            "decimal and thousands must differ, but both are ','",
            {"clean.types": {"x": {"type": "double", "decimal": ",", "thousands": ","}}},
        ),
        Change("must differ", {"clean.types": {"x": {"type": "double", "thousands": ","}}}),
    ),
    refusal(
        "a word that is true and false",
        Change(
            "true and false must differ, but both hold 'no'",
            {"clean.types": {"y": {"type": "boolean", "true": ["no", "yes"]}}},
        ),
        Change("must differ", {"clean.types": {"y": {"type": "boolean", "true": ["yes"]}}}),
    ),
    refusal(
        "a setting of another type",
        Change(
            "format is for the type date, but type is double",
            {"clean.types": {"x": {"type": "double", "format": "%Y"}}},
        ),
        Change("remove format", {"clean.types": {"x": {"type": "double"}}}),
    ),
    refusal(
        "years the wrong way round",
        Change(
            "years must begin with the first one, but got",
            {"clean.types": {"t": {"type": "date", "format": "%Y-%m-%d", "years": [2050, 1950]}}},
        ),
        Change("swap them", {"clean.types.t.years": [1950, 2050]}),
    ),
    refusal(
        "a unit with white space",
        Change(
            "strip must hold words such as $ or kg, without white space around them",
            {"clean.types": {"x": {"type": "double", "strip": " kg"}}},
        ),
        Change("correct", {"clean.types": {"x": {"type": "double", "strip": "kg"}}}),
        Change("or remove it", {"clean.types": {"x": {"type": "double"}}}),
    ),
    refusal(
        "a unit that multiplies",
        Change(
            "strip and multiples must differ, but both hold 'k'",
            {"clean.types": {"x": {"type": "double", "strip": "k", "multiples": {"k": 1000.0}}}},
        ),
        Change("remove it from one", {"clean.types.x.strip": []}),
    ),
    refusal(
        "percent and multiples",
        Change(
            "percent: true reads 5% as 0.05, multiples would not",
            {"clean.types": {"x": {"type": "double", "percent": True, "multiples": {"k": 1000.0}}}},
        ),
        Change("remove one", {"clean.types.x.percent": False}),
    ),
    refusal(
        "a multiple of nothing",
        Change(
            "multiples.k must be above 0, but got 0.0",
            {"clean.types": {"x": {"type": "double", "multiples": {"k": 0.0}}}},
        ),
        Change("such as 1000", {"clean.types.x.multiples.k": 1000.0}),
    ),
    refusal(
        "limits the wrong way round",
        Change(
            "min must not exceed max, but got 9 and 0",
            {"clean.ranges": {"x": {"min": 9, "max": 0}}},
        ),
        Change("exchange them", {"clean.ranges": {"x": {"min": 0, "max": 9}}}),
    ),
    refusal(
        "a column kept and dropped",
        Change(
            "'x' is in keep_columns and in drop_columns",
            {"clean.keep_columns": ["x"], "clean.drop_columns": ["x"]},
        ),
        Change("remove it from one", {"clean.drop_columns": []}),
    ),
    refusal(
        "a chain of replacements",
        Change(
            "what takes a text's place must not be replaced itself, but got 'b'",
            {"clean.replace": {"y": {"a": "b", "b": "c"}}},
        ),
        Change("name its own replacement at once", {"clean.replace": {"y": {"a": "c", "b": "c"}}}),
    ),
    refusal(
        "an unknown encoding",
        Change("data.encoding: must be an encoding that Python knows", {"data.encoding": "utf8x"}),
        Change("try latin-1", {"data.encoding": "latin-1"}),
        Change("cp1252", {"data.encoding": "cp1252"}),
    ),
    refusal(
        "a line end as delimiter",
        Change("data.delimiter: must be a character within a line", {"data.delimiter": "\n"}),
        Change("a character within a line", {"data.delimiter": ","}),
    ),
    refusal(
        "a query of a file",
        Change("query is for a database, but path is 't.csv'", {"data.query": "SELECT * FROM t"}),
        Change("remove query", {"data.query": REMOVED}),
    ),
    refusal(
        "a database without a query",
        Change(
            "query is missing: say what to SELECT from 'sqlite:t.db'",
            {"data.path": "sqlite:t.db"},
            {"t.db": database},
        ),
        Change("say what to SELECT", {"data.query": "SELECT * FROM t"}),
    ),
    refusal(
        "one mark as delimiter and quote",
        Change("delimiter and quote must differ", {"data.delimiter": ",", "data.quote": ","}),
        Change("change one", {"data.quote": '"'}),
    ),
    refusal(
        "a column named twice",
        Change(
            "columns must differ, but 'x' is there twice",
            {"data.columns": ["x", "x", "g", "t", "f", "y"]},
        ),
        Change("rename one", {"data.columns": ["x", "x2", "g", "t", "f", "y"]}),
    ),
    refusal(
        "a part of dates twice",
        Change(
            "each part must be named once, but got year, year",
            {"preprocessing.dates": {"parts": ["year", "year"]}},
        ),
        Change("must be named once", {"preprocessing.dates": {"parts": ["year"]}}),
    ),
    refusal(
        "a fill value for the median",
        Change(
            "fill_value needs impute: constant, but got fill_value=1 with impute: median",
            {"preprocessing.numeric": {"fill_value": 1.0}},
        ),
        Change("needs impute: constant", {"preprocessing.numeric.impute": "constant"}),
        Change("leave it out", {"preprocessing.numeric": {}}),
    ),
    refusal(
        "a fill value of one column for the median",
        Change(
            "columns.x.fill_value needs impute: constant",
            {"preprocessing.columns": {"x": {"fill_value": 1.0}}},
        ),
        Change("needs impute: constant", {"preprocessing.columns.x.impute": "constant"}),
        Change("leave it out", {"preprocessing.columns": {}}),
    ),
    refusal(
        "a text that is dropped and encoded",
        Change(
            "text: drop removes the column, but got encode, text",
            {"preprocessing.columns": {"z": {"encode": "ordinal", "text": "drop"}}},
        ),
        Change("remove text", {"preprocessing.columns": {"z": {"encode": "ordinal"}}}),
        Change("or the others", {"preprocessing.columns": {"z": {"text": "drop"}}}),
    ),
    refusal(
        "bins of classes",
        Change(
            "split.n_bins is for task: regression, but task is binary",
            {"split.strategy": "stratified", "split.n_bins": 3},
        ),
        Change("remove it", {"split.n_bins": REMOVED}),
    ),
    refusal(
        "the target as group",
        Change(
            "split.group must not be data.target, but both are 'y'",
            {"split.strategy": "grouped", "split.group": "y"},
        ),
        Change("name another column", {"split.group": "x"}),
    ),
    refusal(
        "the group dropped",
        Change(
            "clean.drop_columns must not hold split.group, but got 'x'",
            {"split.strategy": "grouped", "split.group": "x", "clean.drop_columns": ["x"]},
        ),
        Change("remove it there", {"clean.drop_columns": []}),
    ),
    refusal(
        "a gap that is none",
        Change(
            "split.gap: a gap must be a number of rows, or a duration",
            {"split.strategy": "time", "split.time": "t", "split.gap": "a week"},
        ),
        Change("a number of rows", {"split.gap": 1}),
        Change("a duration in seconds, minutes, hours, days or weeks", {"split.gap": "1 day"}),
    ),
    refusal(
        "a strategy without its column",
        Change(
            "strategy: grouped needs group, the name of a column", {"split.strategy": "grouped"}
        ),
        Change("add it", {"split.group": "x"}),
    ),
    refusal(
        "a key of another strategy",
        Change("group is not for strategy: auto, but for grouped", {"split.group": "x"}),
        Change("set strategy: grouped", {"split.strategy": "grouped"}),
        Change("remove group", {"split.group": REMOVED}),
    ),
    refusal(
        "a key of several other strategies",
        Change(
            "n_repeats is not for strategy: time",
            {"split.strategy": "time", "split.time": "x", "split.n_repeats": 2},
        ),
        Change("remove n_repeats", {"split.n_repeats": REMOVED}),
    ),
    refusal(
        "a transform of classes",
        Change(
            "preprocessing.target.transform fits regression, but got 'log' with task 'binary'",
            {"preprocessing.target.transform": "log"},
        ),
        Change("leave it out", {"preprocessing.target": REMOVED}),
    ),
    refusal(
        "a cost that is not declared",
        Change("rule cost_aware needs a cost", {"select_model.rule": "cost_aware"}),
        Change("set max_megabytes", {"select_model.max_megabytes": 1.5}),
        Change("or max_milliseconds", {"select_model.max_milliseconds": 20}),
    ),
    refusal(
        "a cost that no rule looks at",
        Change(
            "limit rule cost_aware, but rule is auto",
            {"select_model.max_megabytes": 1.5},
        ),
        Change("set `rule: cost_aware`", {"select_model.rule": "cost_aware"}),
        Change("remove them", {"select_model.max_megabytes": REMOVED}),
    ),
]
