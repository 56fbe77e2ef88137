"""F23-F42: calls that AWS refuses or loses, and jobs that end otherwise than well."""

from __future__ import annotations

from tests.faults.rows.row import (
    CALLS,
    ENDPOINTS,
    GENERATIONS,
    GLUE,
    JOBS,
    OUTCOMES,
    OWN_JOBS,
    POLLER,
    QUERIES,
    SETTINGS,
    Row,
)

ROWS = (
    Row(
        "F23",
        "ten minutes of throttling, of every call",
        "no task fails, one job",
        "`remote/calls.py`: throttles; `remote/patience.py` for S3; `aws.py`: `_who_am_i` for STS",
        (
            CALLS + "test_ten_minutes_of_throttling_fail_no_task",
            POLLER + "test_ten_minutes_of_faults_delay_a_wait_and_never_end_it",
        ),
    ),
    Row(
        "F24",
        "create throttled, or its quota used up",
        "tried again; a quota for an hour, with the worker let go, then an error that names it",
        "`jobs.py`: `_wait_for_quota`",
        (
            JOBS + "TestStart::test_a_throttled_create_is_tried_again",
            GENERATIONS + "TestQuota::test_a_quota_is_waited_for",
            GENERATIONS + "TestQuota::test_a_quota_that_stays_full_fails_with_its_name",
            GENERATIONS + "TestQuota::test_the_slot_is_released_meanwhile",
        ),
    ),
    Row(
        "F25",
        "bursts of 5xx",
        "tried again, in one layer",
        "`remote/calls.py`: HTTP statuses; `aws.py`: botocore tries once",
        (
            CALLS + "test_ten_minutes_of_failing_servers_fail_no_task",
            CALLS + "test_only_we_try_a_call_again",
        ),
    ),
    Row(
        "F26",
        "connection that says nothing",
        "given up after 5 s and 20 s, then tried again",
        "`aws.py`: time-outs; `remote/calls.py`: botocore's own errors",
        (
            CALLS + "test_no_call_waits_longer_than_its_service_takes",
            CALLS + "test_a_create_that_is_not_answered_starts_one_job",
        ),
    ),
    Row(
        "F27",
        "credentials expire during a wait",
        "read anew and asked again; a worker that stays denied fails, and its next try adopts",
        "`remote/calls.py`: expired tokens; `remote/renewal.py`; `remote/poller.py`: FRESH",
        (
            CALLS + "test_credentials_that_expire_during_a_wait_are_asked_for_again",
            CALLS + "test_expired_credentials_are_read_anew",
            CALLS + "test_credentials_that_stay_expired_leave_the_job_to_the_next_try",
            POLLER + "test_expired_credentials_are_replaced",
        ),
    ),
    Row(
        "F28",
        "no access to CloudWatch's logs",
        "one warning; the task goes on",
        "`remote/joblogs.py`, `remote/tailing.py`",
        (
            CALLS + "test_logs_that_may_not_be_read_change_no_result",
            "tests/unit/foldline/test_tailing.py::test_logs_that_may_not_be_read_cost_one_warning",
        ),
    ),
    Row(
        "F29",
        "not there right after it was created",
        "read again for 30 s; nothing is created twice",
        "`jobs.py`: STALE_READ_SECONDS; `remote/endpoints.py`: `carry_out`",
        (
            CALLS + "test_a_job_that_does_not_show_yet_is_not_asked_for_again",
            ENDPOINTS + "test_a_config_that_does_not_show_yet_is_asked_for_again",
            POLLER + "test_what_is_absent_for_a_minute_fires",
        ),
    ),
    Row(
        "F30",
        "status nobody knows",
        "no end: waited for; only the exact word is success",
        "`outcomes.py`: `is_over`, `verdict`",
        (
            JOBS + "TestEnd::test_an_unknown_status_is_waited_for",
            GENERATIONS + "test_no_pair_of_statuses_is_a_wrong_success",
        ),
    ),
    Row(
        "F31",
        "List calls are scarce",
        "a task's few jobs are read by name; lists have a pace",
        "`remote/news.py`: MANY; `remote/paging.py`: PAUSE_SECONDS",
        (
            CALLS + "test_a_job_is_followed_without_a_list",
            CALLS + "test_lists_are_paced",
            "tests/unit/foldline/test_news.py::test_a_throttled_list_is_asked_again_later",
            POLLER + "test_500_jobs_cost_one_call_a_second_and_each_end_is_seen_within_4_s",
        ),
    ),
    Row(
        "F32",
        "services have several words for absent",
        "all are understood; another validation error is none",
        "`remote/calls.py`: `is_absent`",
        (
            CALLS + "test_every_word_for_absent_leads_to_the_create",
            CALLS + "test_another_validation_error_is_no_absence",
            "tests/contract/test_looks.py::test_what_does_not_exist_reads_as_absent",
        ),
    ),
    Row(
        "F33",
        "algorithm or client error",
        "final, with AWS's reason and the last lines of the log",
        "`outcomes.py`: `failure_class`; `jobs.py`: the log's tail",
        (
            OUTCOMES + "test_a_program_that_fails_is_told_with_its_reason_and_last_lines",
            JOBS + "TestEnd::test_an_algorithm_error_is_final_and_shows_the_last_log_lines",
        ),
    ),
    Row(
        "F34",
        "no capacity, internal error",
        "up to two more generations, on the next instance type",
        "`jobs.py`: MAX_GENERATION, `Work.instance`",
        (
            JOBS + "TestEnd::test_a_failure_of_aws_starts_the_next_generation",
            GENERATIONS + "TestLadder::test_without_capacity_the_next_type_is_tried_at_once",
            GENERATIONS + "TestLadder::test_an_internal_error_stays_on_its_type",
            OWN_JOBS + "test_a_spot_job_without_capacity_goes_on_with_the_next_type_and_the_same_checkpoints",
        ),
    ),
    Row(
        "F35",
        "stopped at its time limit",
        "a failure",
        "`outcomes.py`: `verdict`",
        (JOBS + "TestEnd::test_stopped_is_a_failure",),
        lacks="starting it again from its checkpoints on request",
    ),
    Row(
        "F36",
        "spot interrupted, or never got its machine",
        "waited for, from its checkpoints; else one more generation; spot needs checkpoints",
        "`outcomes.py`: MaxWaitTimeExceeded; `steps/sagemaker.py`: spot's conflicts",
        (
            GENERATIONS + "test_a_spot_job_that_never_got_its_machine_is_started_again",
            SETTINGS + "test_a_machine_that_cannot_be_is_refused",
            OUTCOMES + "test_a_retry_does_what_the_job_it_finds_asks_for",
        ),
    ),
    Row(
        "F37",
        "stopped by a person",
        "final",
        "`outcomes.py`: `verdict`",
        (
            JOBS + "TestEnd::test_stopped_is_a_failure",
            OUTCOMES + "test_a_retry_does_what_the_job_it_finds_asks_for",
        ),
    ),
    Row(
        "F38",
        "completed, but no model, an empty or a broken one",
        "done once more, then an error that says what is wrong",
        "`remote/artifacts.py`; `jobs.py`: `verify`",
        (
            OWN_JOBS + "test_a_completed_job_without_a_model_is_tried_once_more_and_fails",
            SETTINGS + "test_the_head_of_an_artifact_tells_whether_it_is_one",
            GENERATIONS + "TestOutput::test_once_more_is_enough",
        ),
    ),
    Row(
        "F39",
        "some or all jobs of a search fail",
        "a warning, or an error below `min_completed`",
        "`operators/hyperparameter_tuning.py`",
        (OWN_JOBS + "test_a_search_says_which_trials_failed_and_returns_the_best",),
    ),
    Row(
        "F40",
        "transform leaves fewer records than went in",
        "an error",
        "`remote/artifacts.py`: `Counts`",
        (
            OWN_JOBS + "test_a_transform_that_answers_fewer_records_than_it_was_asked_fails",
            SETTINGS + "test_as_much_must_come_out_as_went_in",
        ),
    ),
    Row(
        "F41",
        "query failed, cancelled, or one too many",
        "retryable: a new token; a full queue is waited for; else final",
        "`remote/queries.py`, `remote/submitting.py`",
        (
            QUERIES + "test_a_retryable_failure_starts_the_next_generation_in_its_own_folder",
            QUERIES + "test_other_ends_are_errors_that_name_the_query_file",
            QUERIES + "test_a_full_queue_is_waited_for",
            QUERIES + "test_a_queue_that_stays_full_ends_the_wait",
        ),
    ),
    Row(
        "F42",
        "Glue run ends ERROR, EXPIRED or TIMEOUT, sits in WAITING, or one too many",
        "the first fail, WAITING waits, the own run is found, a foreign one waited for",
        "`remote/glue_runs.py`: `run_verdict`; `remote/watched.py`; `remote/glue_jobs.py`: `_look`",
        (
            GLUE + "test_only_succeeded_is_success",
            GLUE + "test_any_other_word_waits",
            GLUE + "test_a_lost_answer_is_looked_for",
            GLUE + "test_the_run_of_somebody_else_is_waited_for",
        ),
    ),
)
