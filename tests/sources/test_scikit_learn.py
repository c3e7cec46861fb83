"""scikit-learn's own tables: every cell as text, the classes by name."""

from __future__ import annotations

import pytest
from sklearn import datasets

from tenfold.runtime import UserError
from tenfold.sources.readers.scikit_learn import NAMES, read


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_the_one_that_scikit_learn_gives(name: str) -> None:
    found = read(f"sklearn:{name}")
    options = {"scaled": False} if name == "diabetes" else {}
    loaded = getattr(datasets, f"load_{name}")(**options)
    rows = [list(row) for row in found.rows]
    assert [[float(cell or "") for cell in row[:-1]] for row in rows] == loaded.data.tolist()
    assert found.names == [*loaded.feature_names, "target"]
    assert found.ordered


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("iris", {"setosa", "versicolor", "virginica"}),
        ("breast_cancer", {"malignant", "benign"}),
        ("wine", {"class_0", "class_1", "class_2"}),
        ("digits", set("0123456789")),
    ],
)
def test_classes_have_their_names(name: str, targets: set[str]) -> None:
    assert {row[-1] for row in read(name).rows} == targets
    assert next(iter(read("iris").rows))[-1] == "setosa"


def test_a_target_without_classes_is_a_number() -> None:
    rows = list(read("diabetes").rows)
    assert [rows[0][-1], rows[1][-1]] == ["151.0", "75.0"]


def test_diabetes_comes_as_measured_not_as_scaled_over_all_rows() -> None:
    found = read("diabetes")
    assert dict(zip(found.names, next(found.rows), strict=True))["age"] == "59.0"


def test_an_unknown_table_answers_with_the_nearest_and_the_list() -> None:
    with pytest.raises(
        UserError, match=r"did you mean 'sklearn:iris'.*sklearn:digits, sklearn:iris"
    ):
        read("sklearn:irys")
    with pytest.raises(UserError, match="brings no table 'california_housing'"):
        read("sklearn:california_housing")
