"""Messages that no case here can provoke in a small table, and the test that does, or why none."""

from __future__ import annotations

POSTGRESQL = "sources/readers/postgresql.py"
SERVER = "sources/test_postgresql.py::"
QUERY = f"{SERVER}test_a_query_that_is_not_one_reading_statement_is_refused"
NO_SERVER = f"{SERVER}test_a_server_that_cannot_be_reached_is_said_without_its_address"
CUSTOM = "models/test_custom_code.py::test_a_family_that_"
BREAKS = f"{CUSTOM}breaks_the_contract_is_refused_in_words"
DISTRUSTED = f"{CUSTOM}cannot_be_trusted_is_refused_before_training"

# (file, words of its source) -> the test, or the reason in words.
TRIED_ELSEWHERE: dict[tuple[str, str], str] = {
    # A server.
    (POSTGRESQL, "_cause(connection, error)"): QUERY,
    (POSTGRESQL, "is not of the form"): NO_SERVER,
    (POSTGRESQL, "no connection to the database"): NO_SERVER,
    (POSTGRESQL, "data.query must be one SELECT"): QUERY,
    (POSTGRESQL, "no single value"): f"{SERVER}test_what_is_no_single_value_is_refused_by_column",
    # Files that change, are damaged, or may not be read.
    ("sources/source_files.py", "changed while it was read"): (
        "bad_input/test_bad_input.py::test_a_bad_input_ends_as_the_table_says"
    ),
    ("sources/formats.py", "is it damaged? Write it again"): (
        "bad_input/test_bad_input.py::test_a_bad_input_ends_as_the_table_says"
    ),
    ("sources/readers/sqlite.py", "cannot be read as SQLite: {error}"): (
        "sources/test_sqlite.py::test_a_file_that_is_no_database_is_refused"
    ),
    ("sources/source_files.py", "change its permissions"): "root may read any file",
    ("sources/readers/excel.py", "{error.strerror}"): "root may read any file",
    ("dataset/tables.py", "holds predictions of other folds"): "somebody edits outputs/",
    ("dataset/folds.py", "holds other rows than the training table"): "somebody edits outputs/",
    ("models/shared/digests.py", "is damaged"): (
        "projects/test_damaged_models.py::test_any_file_that_changed_is_found"
    ),
    ("reporting/nested_results.py", "nested cross-validation repeats an experiment"): (
        "projects/test_nested.py::test_a_fold_is_scored_by_an_experiment_that_has_not_seen_it"
    ),
    ("selection/cost_limits.py", "_refusal(costs, limits)"): (
        "selection/test_cost_limits.py::"
        "test_a_limit_that_none_is_within_is_refused_with_what_each_costs"
    ),
    # Commands that need a project with results, and the machine.
    ("cli.py", "there is no {path} yet"): (
        "projects/test_cli.py::test_what_needs_results_is_refused_before_there_are_any"
    ),
    ("cli.py", "does not hold this experiment's results"): (
        "projects/test_cli.py::test_publish_refuses_outputs_of_another_experiment"
    ),
    ("runtime/locks.py", "is already running here"): (
        "runtime/test_locks.py::test_a_stage_runs_once_at_a_time_and_a_killed_one_frees_its_lock"
    ),
    ("runtime/processes.py", "DVC needs a user's name"): (
        "runtime/test_program.py::test_a_user_without_a_name_is_told_to_set_one_before_dvc_fails"
    ),
    ("tracking/database.py", "cannot be used"): (
        "tracking/test_tracking.py::test_a_store_that_does_not_fit_on_the_disk_is_created_later"
    ),
    ("scaffolding/project.py", "failed: "): "DVC itself fails",
    # Code of the user's own, and libraries that are not installed.
    ("tuning/trial_scores.py", "random rows the score must be"): (
        "models/test_custom_code.py::test_a_metric_that_fails_is_refused_before_training"
    ),
    ("selection/postprocessing/uncertainty.py", "values at most, but"): (
        "selection/test_postprocessing.py::test_a_measurement_is_no_feature_to_group_by"
    ),
    ("selection/fold_scores.py", "which trains nothing again"): (
        "selection/test_fold_scores.py::test_a_score_that_is_no_finite_number_is_refused_by_name"
    ),
    (
        "runtime/custom_code.py",
        "must define {needed}",
    ): BREAKS,
    (
        "runtime/custom_code.py",
        "{_reason(error)}",
    ): DISTRUSTED,
    (
        "models/__init__.py",
        "must have the method",
    ): BREAKS,
    ("models/__init__.py", "must be a subclass"): (
        "models/test_custom_code.py::test_parameters_must_be_those_of_a_family"
    ),
    ("models/__init__.py", "name of a built-in family"): (
        "models/test_custom_code.py::test_a_family_may_not_hide_a_built_in_one"
    ),
    ("models/shared/trial_fit.py", "random rows {broken}"): (DISTRUSTED),
    ("models/shared/trial_fit.py", "random rows: {refusal}"): (DISTRUSTED),
    ("params/metric_names.py", "METRIC must be"): (
        "models/test_custom_code.py::test_a_metric_that_breaks_the_contract_is_refused"
    ),
    ("models/shared/network_parameters.py", "LOSS must be"): "as a metric that is none",
    ("models/shared/network_parameters.py", "label_smoothing is of tenfold's own losses"): (
        "models/test_custom_code.py::test_a_loss_of_ones_own_is_not_smoothed"
    ),
    ("models/shared/boosting_family.py", "needs the package"): (
        "models/test_boosting.py::"
        "test_a_library_that_cannot_be_imported_is_named_before_any_training"
    ),
    ("models/shared/boosting_family.py", "all training rows: {reason}"): (
        "models/test_boosting.py::test_nothing_to_split_on_is_the_mean_or_refused_in_words"
    ),
    # Training.
    ("models/shared/network_family.py", "on all rows the loss was not finite"): (
        "the folds' losses were finite, and that of all rows is not"
    ),
    ("models/shared/network_family.py", "networks at once need more memory"): (
        "the machine has too little memory"
    ),
    ("models/shared/network_family.py", "but is not a network"): "no family lets it come so far",
    ("models/shared/scikit_family.py", "all training rows: {reason}"): (
        "models/test_families.py::"
        "test_rows_that_an_estimator_refuses_fail_the_trial_and_the_last_fit_in_words"
    ),
    ("models/shared/persistence.py", "types that are not trusted"): (
        "models/test_persistence.py::"
        "test_an_object_that_could_not_be_loaded_again_is_refused_when_it_is_saved"
    ),
    ("tuning/pretrained.py", "was not registered by tenfold"): "a registry with another's model",
    # Splits that a row of a table in 12 does not make.
    ("splitting/feasibility.py", "leaves no row for the test"): "every strategy draws one",
    ("splitting/later_groups.py", "every earlier row belongs to a group"): (
        "splitting/test_later_groups.py::"
        "test_one_group_leaves_nothing_to_learn_from_and_the_cure_works"
    ),
}
