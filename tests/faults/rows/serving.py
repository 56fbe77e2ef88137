"""F43-F57: endpoints, storage, this machine and its config."""

from __future__ import annotations

from tests.faults.rows.row import (
    BAD_CONFIGS,
    CONFIG,
    DEPLOYED,
    ENDPOINTS,
    GENERATIONS,
    OUTCOMES,
    POLLER,
    QUERIES,
    REAP,
    STORAGE,
    Row,
)

ROWS = (
    Row(
        "F43",
        "new container fails its ping",
        "no call is lost, the old model serves on, the task fails",
        "`deploy/rollout.py`: `fault` compares the config that serves",
        (
            ENDPOINTS + "test_the_old_model_answers_while_a_new_one_cannot_be_loaded",
            DEPLOYED + "test_an_update_that_aws_rolled_back_fails_and_is_not_asked_for_again",
        ),
        checked=True,
    ),
    Row(
        "F44",
        "alarm rolls the update back",
        "the task fails although the endpoint is InService, and names the alarm",
        "`deploy/rollout.py`: `fault`, as F43",
        (
            ENDPOINTS + "test_an_update_that_an_alarm_rolled_back_fails_the_task",
            "tests/unit/deploy/test_rollout.py::test_in_service_alone_is_no_success",
        ),
        checked=True,
    ),
    Row(
        "F45",
        "new model answers wrongly or with errors, no alarm",
        "known records find it out; the old config serves again",
        "`remote/deployment.py`: `_go_back`",
        (
            ENDPOINTS + "test_a_model_that_fails_its_calls_is_taken_back",
            ENDPOINTS + "test_a_first_model_that_fails_its_calls_does_not_serve",
            DEPLOYED + "test_a_retry_after_the_update_still_knows_what_served_before",
        ),
        checked=True,
    ),
    Row(
        "F46",
        "alarm missing, without data, or in ALARM already",
        "an alarm in ALARM rolls back at once, as F44",
        "`deploy/rollout.py`: `fault`",
        (ENDPOINTS + "test_an_update_that_an_alarm_rolled_back_fails_the_task",),
        checked=True,
        lacks="the look at alarms before an update: `deploy` sets no alarms yet",
    ),
    Row(
        "F47",
        "variant of another name",
        "refused before the update",
        "`deploy/rollout.py`: `change`",
        (ENDPOINTS + "test_a_variant_of_another_name_is_refused",),
        checked=True,
        lacks="instance types that guardrails exclude: `deploy` asks for no canary yet",
    ),
    Row(
        "F48",
        "endpoint is being updated by somebody else",
        "waited for; no update is sent into another one",
        "`remote/endpoints.py`: `at_rest`",
        (DEPLOYED + "test_an_endpoint_that_somebody_else_updates_is_waited_for",),
        checked=True,
    ),
    Row(
        "F49",
        "UpdateRollbackFailed, OutOfService, Failed",
        "the task ends at the first look, with the state's own recipe",
        "`remote/deployment.py`: `_before`",
        (
            ENDPOINTS + "test_a_broken_endpoint_ends_the_task_at_once_with_its_recipe",
            DEPLOYED + "test_a_broken_endpoint_ends_the_deployment_at_once",
        ),
        checked=True,
    ),
    Row(
        "F50",
        "autoscaled counts",
        "outlive an update, unless the settings ask for others",
        "`deploy/rollout.py`: RetainAllVariantProperties",
        (
            ENDPOINTS + "test_what_autoscaling_set_outlives_a_new_model",
            "tests/unit/deploy/test_rollout.py"
            "::test_an_update_keeps_what_autoscaling_set_unless_the_settings_ask_for_another_count",
        ),
        checked=True,
    ),
    Row(
        "F51",
        "killed between model, config and endpoint",
        "the next try makes what is missing",
        "`remote/deployment.py`: notes, and `_change`",
        (
            DEPLOYED + "test_a_deployment_killed_at_any_call_goes_on_at_the_first_missing_piece",
            DEPLOYED + "test_a_retry_after_the_update_still_knows_what_served_before",
        ),
        checked=True,
    ),
    Row(
        "F52",
        "upload cut off, parts left over",
        "what says that all is there is written last; readers compare digests; left parts are aborted",
        "`remote/sourcetree.py`: the marker; `remote/memory.py`: LOST; `preprocessing/shards.py`",
        (
            STORAGE + "test_an_upload_that_was_cut_off_is_not_believed",
            STORAGE + "test_a_note_whose_answer_is_lost_is_the_note_that_counts",
            STORAGE + "test_a_lock_whose_answer_is_lost_is_held_by_who_asked",
            "tests/unit/preprocessing/test_shards.py::test_a_missing_shard_is_named",
            REAP + "test_uploads_that_nobody_completed_are_aborted",
        ),
        checked=True,
    ),
    Row(
        "F53",
        "output prefix holds files already",
        "another piece of work has another prefix; models and unloads one for each generation",
        "`operators/processing_job.py`: the key in the prefix; SageMaker's own folder by job name",
        (
            STORAGE + "test_two_pieces_of_work_never_write_to_one_place",
            STORAGE + "test_each_generation_writes_its_model_to_a_place_of_its_own",
            QUERIES + "test_a_retryable_failure_starts_the_next_generation_in_its_own_folder",
        ),
        checked=True,
        lacks="generations of one processing job share a prefix; a prefix that a step file names is not looked at",
    ),
    Row(
        "F54",
        "disk full",
        "the job fails with the system's word; nothing is taken for its result",
        "`outcomes.py`: `verdict`",
        (OUTCOMES + "test_a_job_on_a_full_disk_fails_and_nothing_is_taken_for_its_model",),
    ),
    Row(
        "F55",
        "this machine's clock is wrong",
        "waits are by AWS's dates and a clock that never goes back; a refused signature is told at once",
        "`outcomes.py`: `age`; `remote/calls.py`: skew is not retried",
        (
            GENERATIONS + "TestBudget::test_the_clock_runs_from_the_jobs_creation_by_aws_own_time",
            POLLER + "test_a_wrong_clock_of_this_machine_hides_no_end",
            STORAGE + "test_a_clock_that_is_wrong_is_told_by_name_and_at_once",
        ),
        checked=True,
    ),
    Row(
        "F56",
        "config points at another account",
        "one question, who it is; no write, no retry",
        "`aws.py`: `check_account`",
        (
            CONFIG + "test_the_right_account_is_waited_for_and_a_wrong_one_is_not",
            "tests/dags/test_task_edges.py::test_a_task_in_a_foreign_account_only_asks_who_it_is",
            "tests/unit/foldline/test_account.py::test_another_account_is_refused",
        ),
        checked=True,
    ),
    Row(
        "F57",
        "malformed config, over 200 files",
        "one list of problems with their places, before any call",
        "`steps/settings.py`: strict models; `stepfiles/documents.py`: a subset of YAML",
        (
            BAD_CONFIGS + "test_there_are_enough_of_them",
            BAD_CONFIGS + "test_a_broken_file_is_answered_with_problems",
            "tests/unit/foldline/test_documents.py::test_an_alias_bomb_is_refused_at_its_first_anchor",
        ),
        checked=True,
    ),
)
