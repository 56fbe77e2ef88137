"""Training jobs run their program under SageMaker's contract and end as SageMaker's do."""

from __future__ import annotations

import datetime
import json

import pytest
from botocore.exceptions import ClientError

GROUPS = {
    "InstanceGroups": [
        {"InstanceGroupName": "big", "InstanceType": "ml.m5.large", "InstanceCount": 2},
        {"InstanceGroupName": "small", "InstanceType": "ml.c5.xlarge", "InstanceCount": 1},
    ],
    "VolumeSizeInGB": 1,
}


class TestContract:
    """What a program finds and what becomes of what it leaves."""

    def test_a_job_goes_through_the_statuses_of_sagemaker(self, account):
        """
        Starting, Downloading, Training, Uploading, Completed; each with times that fit together.
        """
        job = account.train("print('hello')")
        steps = job["SecondaryStatusTransitions"]
        assert ["Starting", "Downloading", "Training", "Uploading", "Completed"] == [
            step["Status"] for step in steps
        ]
        assert ("Completed", "Completed") == (job["TrainingJobStatus"], job["SecondaryStatus"])
        assert all(step["EndTime"] >= step["StartTime"] and step["StatusMessage"] for step in steps)
        assert job["TrainingStartTime"] <= job["TrainingEndTime"]
        assert 1 == job["TrainingTimeInSeconds"] == job["BillableTimeInSeconds"]

    def test_code_arrives_as_a_channel_and_runs_by_its_entrypoint(self, account):
        """
        A package in a channel on PYTHONPATH runs as ``python3 -m``, reads another channel, leaves a model and output.
        """
        account.put("src/pack/__init__.py", "")
        account.put(
            "src/pack/fit.py",
            """
import json, os, pathlib
rows = pathlib.Path("/opt/ml/input/data/train/part/a.csv").read_text()
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt").write_text(rows)
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "notes.txt").write_text(os.environ["SM_HP_DEPTH"])
print("auc=0.5;"); print("auc=0.75;")
""",
        )
        account.put("train/part/a.csv", "1,2\n")
        job = account.train(
            AlgorithmSpecification={
                "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
                "TrainingInputMode": "FastFile",
                "ContainerEntrypoint": ["python3"],
                "ContainerArguments": ["-m", "pack.fit"],
                "MetricDefinitions": [
                    {"Name": "auc", "Regex": "auc=([0-9.]+);"},
                    {"Name": "f1", "Regex": "f1=(.*)"},
                ],
            },
            InputDataConfig=[
                account.channel("package", account.uri("src/")),
                account.channel("train", account.uri("train")),
            ],
            HyperParameters={"depth": "3"},
            Environment={"PYTHONPATH": "/opt/ml/input/data/package"},
        )
        output = f"out/{job['TrainingJobName']}/output"
        assert "Completed" == job["TrainingJobStatus"], job.get("FailureReason")
        assert account.uri(f"{output}/model.tar.gz") == job["ModelArtifacts"]["S3ModelArtifacts"]
        assert {"model.txt": "1,2\n"} == account.members(f"{output}/model.tar.gz")
        assert {"notes.txt": "3"} == account.members(f"{output}/output.tar.gz")
        assert [("auc", 0.75)] == [
            (found["MetricName"], found["Value"]) for found in job["FinalMetricDataList"]
        ]

    def test_script_mode_unpacks_the_source_and_passes_hyperparameters(self, account):
        """
        ``sagemaker_program`` of the unpacked ``sagemaker_submit_directory`` gets the others as ``--name value``, but a
        tuning job's ``_tuning_objective_metric``.
        """
        import io
        import tarfile

        script = b"import json, os, sys\nopen('/opt/ml/model/args', 'w').write(json.dumps([sys.argv, os.getcwd()]))"
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            member = tarfile.TarInfo("fit.py")
            member.size = len(script)
            tar.addfile(member, io.BytesIO(script))
        source = account.put("src/sourcedir.tar.gz", buffer.getvalue())
        job = account.train(
            AlgorithmSpecification={
                "TrainingImage": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.3.0-cpu-py311",
                "TrainingInputMode": "File",
            },
            HyperParameters={
                "sagemaker_program": json.dumps("fit.py"),
                "sagemaker_submit_directory": json.dumps(source),
                "max-depth": "3",
                "name": json.dumps("a b"),
                "n": "1",
                "_tuning_objective_metric": "auc",
            },
        )
        model = account.members(f"out/{job['TrainingJobName']}/output/model.tar.gz")
        assert [["fit.py", "--max-depth", "3", "-n", "1", "--name", "a b"], "/opt/ml/code"] == json.loads(
            model["args"]
        )

    def test_configuration_files_and_environment(self, account):
        """
        The three files of /opt/ml/input/config and the job's names are there; the server's own environment is not.
        """
        account.put("train/a", "x")
        job = account.train(
            """
            import json, os, pathlib
            config = pathlib.Path("/opt/ml/input/config")
            files = {path.stem: json.loads(path.read_text()) for path in config.iterdir()}
            pathlib.Path("/opt/ml/model/said.json").write_text(json.dumps([files, dict(os.environ)]))
            """,
            InputDataConfig=[account.channel("train", account.uri("train/"))],
            HyperParameters={"alpha": "0.5"},
            Environment={"OMP_NUM_THREADS": "7", "MINE": "yes"},
        )
        said = account.members(f"out/{job['TrainingJobName']}/output/model.tar.gz")["said.json"]
        files, environment = json.loads(said)
        assert {"alpha": "0.5"} == files["hyperparameters"]
        channel = {
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        }
        assert {"code": channel, "train": channel} == files["inputdataconfig"]
        assert ("algo-1", ["algo-1"]) == (
            files["resourceconfig"]["current_host"],
            files["resourceconfig"]["hosts"],
        )
        assert (job["TrainingJobName"], job["TrainingJobArn"]) == (
            environment["TRAINING_JOB_NAME"],
            environment["TRAINING_JOB_ARN"],
        )
        assert ("7", "PASSIVE", "yes") == tuple(
            environment[n] for n in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "MINE")
        )
        assert '{"alpha": 0.5}' == environment["SM_HPS"]
        assert "PYTEST_CURRENT_TEST" not in environment
        assert not {name for name in environment if name.startswith("LOCALAWS_")}

    def test_the_output_is_described_with_its_key(self, account):
        """
        A job that names no key for its output is described with an empty one: SageMaker SDK 2 reads it in attach().
        """
        assert "" == account.train("print('hello')")["OutputDataConfig"]["KmsKeyId"]

    def test_a_job_may_edit_its_input_but_not_the_store(self, account):
        """
        A program appends to one input and deletes another; the objects in S3 stay as they were.
        """
        account.put("train/a", "one")
        account.put("train/b", "two")
        job = account.train(
            """
            import os
            open("/opt/ml/input/data/train/a", "a").write(" more")
            os.remove("/opt/ml/input/data/train/b")
            os.chmod("/opt/ml/input/data/train", 0o777)
            print(open("/opt/ml/input/data/train/a").read())
            """,
            InputDataConfig=[account.channel("train", account.uri("train/"))],
        )
        assert "Completed" == job["TrainingJobStatus"], job.get("FailureReason")
        assert (b"one", b"two") == (account.get("train/a"), account.get("train/b"))
        assert [["one more"]] == list(account.log("TrainingJobs", job["TrainingJobName"]).values())

    def test_metrics_are_in_cloudwatch(self, account):
        """
        Every value a metric definition finds is a sample under the job's name; the last is in the description.
        """
        request = account.training_request("for n in range(4): print(f'loss={n}')")
        request["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "loss", "Regex": "loss=([0-9]+)"}]
        name = request["TrainingJobName"]
        account.sagemaker.create_training_job(**request)
        job = account.trained(name)
        assert [("loss", 3.0)] == [
            (metric["MetricName"], metric["Value"]) for metric in job["FinalMetricDataList"]
        ]
        found = account.clients("cloudwatch").get_metric_statistics(
            Namespace="/aws/sagemaker/TrainingJobs",
            MetricName="loss",
            Dimensions=[{"Name": "TrainingJobName", "Value": name}],
            StartTime=job["CreationTime"] - datetime.timedelta(hours=1),
            EndTime=job["CreationTime"] + datetime.timedelta(hours=1),
            Period=7200,
            Statistics=["SampleCount", "Maximum"],
        )["Datapoints"]
        assert (4.0, 3.0) == (
            sum(point["SampleCount"] for point in found),
            max(point["Maximum"] for point in found),
        )

    def test_checkpoints_come_down_before_and_go_up_after(self, account):
        """
        A job goes on from what is under the checkpoint prefix, and its own checkpoints are stored even if it fails.
        """
        account.put("ckpt/epoch", "1")
        job = account.train(
            """
            path = "/opt/ml/checkpoints/epoch"
            epoch = int(open(path).read())
            open(path, "w").write(str(epoch + 1))
            raise SystemExit("out of memory")
            """,
            CheckpointConfig={"S3Uri": account.uri("ckpt/")},
        )
        assert "Failed" == job["TrainingJobStatus"]
        assert b"2" == account.get("ckpt/epoch")

    def test_a_model_may_be_stored_uncompressed(self, account):
        """
        With CompressionType NONE the model's files lie under ``output/model/``.
        """
        job = account.train(
            "import os; os.mkdir('/opt/ml/model/sub'); open('/opt/ml/model/sub/m', 'w').write('m')",
            OutputDataConfig={"S3OutputPath": account.uri("out"), "CompressionType": "NONE"},
        )
        folder = f"out/{job['TrainingJobName']}/output/model/"
        assert account.uri(folder) == job["ModelArtifacts"]["S3ModelArtifacts"]
        assert [f"{folder}sub/m"] == account.keys(folder)


class TestChannels:
    """Which objects a channel brings."""

    LIST = """
        import os
        for folder, _, files in sorted(os.walk("/opt/ml/input/data/train")):
            for name in sorted(files):
                print(os.path.relpath(os.path.join(folder, name), "/opt/ml/input/data/train"))
        """

    def listed(self, account, *channels, **members) -> list[list[str]]:
        """The files each host sees."""
        job = account.train(self.LIST, InputDataConfig=list(channels), **members)
        assert "Completed" == job["TrainingJobStatus"], job.get("FailureReason")
        return [lines for _, lines in sorted(account.log("TrainingJobs", job["TrainingJobName"]).items())]

    def test_a_manifest_names_objects_one_by_one(self, account):
        """
        Only the listed objects arrive, under the paths of the list.
        """
        for key in ("fold/00/a", "fold/01/a", "fold/02/a"):
            account.put(key, "x")
        manifest = [{"prefix": account.uri("fold/")}, "00/a", "02/a"]
        uri = account.put("train.manifest", json.dumps(manifest))
        assert [["00/a", "02/a"]] == self.listed(account, account.channel("train", uri, "ManifestFile"))

    def test_a_prefix_without_a_slash_also_names_what_begins_like_it(self, account):
        """
        ``…/fold/1`` brings fold 1 and folds 10 to 19: the trap is SageMaker's, and is kept.
        """
        for key in ("fold/1/a", "fold/10/a", "fold/2/a"):
            account.put(key, "x")
        assert [["a", "10/a"]] == self.listed(account, account.channel("train", account.uri("fold/1")))

    def test_an_exact_key_arrives_under_its_own_name(self, account):
        """
        A prefix that is a whole key brings one file of that name; markers of folders bring nothing.
        """
        account.put("data/train.csv", "x")
        account.put("data/", b"")
        assert [["train.csv"]] == self.listed(
            account, account.channel("train", account.uri("data/train.csv"))
        )

    def test_hosts_share_the_objects_of_a_sharded_channel(self, account):
        """
        Two hosts run at once; ShardedByS3Key gives each every second object, and each host its own stream.
        """
        for name in "abc":
            account.put(f"in/{name}", "x")
        channel = account.channel("train", account.uri("in/"), distribution="ShardedByS3Key")
        cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}
        assert [["a", "c"], ["b"]] == self.listed(account, channel, ResourceConfig=cluster)

    def test_a_channel_may_go_to_some_instance_groups_only(self, account):
        """
        Each host knows its group and all others; a channel's objects are shared by the hosts of its groups alone.
        """
        account.put("in/a", "1")
        account.put("in/b", "2")
        channel = account.channel("data", account.uri("in/"), distribution="ShardedByS3Key")
        channel["DataSource"]["S3DataSource"]["InstanceGroupNames"] = ["big"]
        script = """
            import json, os
            r = json.load(open("/opt/ml/input/config/resourceconfig.json"))
            folder = "/opt/ml/input/data/data"
            found = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
            print(r["current_group_name"], r["current_instance_type"], ",".join(found), len(r["hosts"]))
            print(os.environ["SM_CURRENT_INSTANCE_GROUP"], os.environ["SM_INSTANCE_GROUPS"])
        """
        job = account.train(script, ResourceConfig=GROUPS, InputDataConfig=[channel])
        assert "Completed" == job["TrainingJobStatus"]
        logs = account.log("TrainingJobs", job["TrainingJobName"])
        assert {
            "algo-1": ["big ml.m5.large a 3", 'big ["big", "small"]'],
            "algo-2": ["big ml.m5.large b 3", 'big ["big", "small"]'],
            "algo-3": ["small ml.c5.xlarge  3", 'small ["big", "small"]'],
        } == {stream.split("/")[1].rpartition("-")[0]: lines for stream, lines in logs.items()}

    @pytest.mark.parametrize("key", ["nothing/", "missing-bucket"])
    def test_missing_data_fails_the_job(self, account, key):
        """
        A prefix with no objects, or a bucket that is not there, is a ClientError "Data download failed".
        """
        uri = account.uri(key) if key.endswith("/") else f"s3://{key}/x"
        job = account.train(InputDataConfig=[account.channel("train", uri)])
        assert ("Failed", "Failed") == (job["TrainingJobStatus"], job["SecondaryStatus"])
        assert job["FailureReason"].startswith("ClientError: Data download failed:NoSuch")
        assert uri in job["FailureReason"]

    def test_a_manifest_that_is_none_fails_the_job(self, account):
        """
        A manifest that is not a list with a prefix is named, with its right form.
        """
        uri = account.put("m", '{"prefix": 1}')
        job = account.train(InputDataConfig=[account.channel("train", uri, "ManifestFile")])
        assert f'the manifest {uri} is not a JSON list [{{"prefix": "s3://…"}}' in job["FailureReason"]

    def test_a_key_cannot_leave_its_channel(self, account):
        """
        An object whose key climbs out of the folder fails the job instead of landing outside.
        """
        account.put("in/../../etc/x", "x")
        job = account.train(InputDataConfig=[account.channel("train", account.uri("in/"))])
        assert "leaves its folder" in job["FailureReason"]

    def test_a_key_that_is_also_a_folder_is_named(self, account):
        """
        ``a`` and ``a/b`` cannot both be files of one channel.
        """
        account.put("in/a", "x")
        account.put("in/a/b", "x")
        job = account.train(InputDataConfig=[account.channel("train", account.uri("in/"))])
        assert "is both a file and a folder of train" in job["FailureReason"]


class TestEnds:
    """How jobs fail and are stopped."""

    def test_a_script_that_raises_fails_with_its_last_lines(self, account):
        """
        The exit code and the end of the traceback are in FailureReason; the lines are in the log.
        """
        job = account.train("print('step 1'); raise KeyError('tenure')")
        assert ("Failed", "Failed") == (job["TrainingJobStatus"], job["SecondaryStatus"])
        assert job["FailureReason"].startswith("AlgorithmError: step 1\n")
        assert job["FailureReason"].endswith("KeyError: 'tenure', exit code: 1")
        [lines] = account.log("TrainingJobs", job["TrainingJobName"]).values()
        assert ("step 1", "KeyError: 'tenure'") == (lines[0], lines[-1])

    def test_the_failure_file_is_the_reason(self, account):
        """
        /opt/ml/output/failure comes before the log, and the whole is cut to 1024 characters.
        """
        job = account.train("open('/opt/ml/output/failure', 'w').write('x' * 5000); raise SystemExit(3)")
        assert job["FailureReason"].startswith("AlgorithmError: xxx")
        assert job["FailureReason"].endswith(", exit code: 3")
        assert 1024 == len(job["FailureReason"])

    def test_a_killed_program_has_a_containers_exit_code(self, account):
        """
        A program that dies of SIGKILL, as out of memory, reports 137.
        """
        job = account.train("import os; os.kill(os.getpid(), 9)")
        assert job["FailureReason"].endswith("exit code: 137")

    def test_a_program_that_is_not_there(self, account):
        """
        An entrypoint nobody has is an AlgorithmError with exit code 127.
        """
        request = account.training_request()
        request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["no-such-program"]
        account.sagemaker.create_training_job(**request)
        reason = account.trained(request["TrainingJobName"])["FailureReason"]
        assert "no-such-program: not found" in reason
        assert reason.endswith("exit code: 127")

    def test_one_failing_host_ends_the_others(self, account):
        """
        When a host fails the job fails with that host's reason, and does not wait for the rest.
        """
        job = account.train(
            """
            import os, time
            if os.environ["SM_CURRENT_HOST"] == "algo-2":
                raise SystemExit("host two is ill")
            time.sleep(60)
            """,
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1},
        )
        assert "AlgorithmError: host two is ill, exit code: 1" == job["FailureReason"]

    def test_an_unknown_image_names_the_registry(self, account):
        """
        Nobody pulls images here: the reason names the file and the entry-point group that could add one.
        """
        image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/own:3"
        request = account.training_request()
        request["AlgorithmSpecification"]["TrainingImage"] = image
        account.sagemaker.create_training_job(**request)
        reason = account.trained(request["TrainingJobName"])["FailureReason"]
        assert reason.startswith("ClientError: no local runtime")
        assert all(
            word in reason
            for word in (image, "'team/own'", "localaws/containers/images.py", "localaws.images")
        )

    def test_a_job_with_no_command_says_so(self, account):
        """
        A framework image without entrypoint and without script cannot run.
        """
        request = account.training_request()
        algorithm = request["AlgorithmSpecification"]
        algorithm["TrainingImage"] = algorithm["TrainingImage"].replace("xgboost", "scikit-learn")
        del request["AlgorithmSpecification"]["ContainerEntrypoint"]
        account.sagemaker.create_training_job(**request)
        reason = account.trained(request["TrainingJobName"])["FailureReason"]
        assert "ContainerEntrypoint" in reason
        assert "sagemaker_program" in reason

    def test_a_stopped_job_keeps_what_it_wrote(self, account):
        """
        Stop sends SIGTERM; the program may still save its model, and the job ends Stopped.
        """
        request = account.training_request(
            """
            import signal, sys, time
            def save(*_):
                open("/opt/ml/model/m", "w").write("half")
                sys.exit(0)
            signal.signal(signal.SIGTERM, save)
            print("trap set")
            time.sleep(60)
            """
        )
        name = request["TrainingJobName"]
        account.sagemaker.create_training_job(**request)
        account.wait_for_line("TrainingJobs", name, "trap set")
        account.sagemaker.stop_training_job(TrainingJobName=name)
        job = account.trained(name)
        assert ("Stopped", "Stopped") == (job["TrainingJobStatus"], job["SecondaryStatus"])
        steps = [step["Status"] for step in job["SecondaryStatusTransitions"]]
        assert ["Training", "Stopping", "Uploading", "Stopped"] == steps[-4:]
        assert {"m": "half"} == account.members(f"out/{name}/output/model.tar.gz")

    def test_a_job_that_runs_too_long_is_stopped(self, account):
        """
        MaxRuntimeInSeconds ends a job as Stopped with MaxRuntimeExceeded.
        """
        job = account.train("import time; time.sleep(60)", StoppingCondition={"MaxRuntimeInSeconds": 1})
        assert ("Stopped", "MaxRuntimeExceeded") == (job["TrainingJobStatus"], job["SecondaryStatus"])

    def test_a_program_that_ignores_sigterm_is_killed(self, own_account, monkeypatch):
        """
        After the grace time (120 s; less here) SIGKILL ends what SIGTERM did not, with what it started.
        """
        monkeypatch.setenv("LOCALAWS_STOP_GRACE", "0.3")
        _, account = own_account()
        request = account.training_request(
            """
            import signal, subprocess, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            subprocess.Popen(["sleep", "60"])
            print("deaf", flush=True)
            time.sleep(60)
            """
        )
        account.sagemaker.create_training_job(**request)
        account.wait_for_line("TrainingJobs", request["TrainingJobName"], "deaf")
        account.sagemaker.stop_training_job(TrainingJobName=request["TrainingJobName"])
        assert "Stopped" == account.trained(request["TrainingJobName"])["TrainingJobStatus"]

    def test_lines_are_in_the_log_while_the_job_runs(self, account):
        """
        A line that was printed can be read before the job has ended.
        """
        request = account.training_request("import time; print('epoch 1', flush=True); time.sleep(60)")
        account.sagemaker.create_training_job(**request)
        account.wait_for_line("TrainingJobs", request["TrainingJobName"], "epoch 1")
        job = account.sagemaker.describe_training_job(TrainingJobName=request["TrainingJobName"])
        assert "InProgress" == job["TrainingJobStatus"]
        account.sagemaker.stop_training_job(TrainingJobName=request["TrainingJobName"])
        account.trained(request["TrainingJobName"])


class TestQueue:
    """Jobs wait for the cores in order."""

    def test_jobs_beyond_the_slots_wait_and_can_be_stopped(self, own_account, monkeypatch):
        """
        With one slot the second job is Pending; stopped there it never runs, and the third has its turn.
        """
        monkeypatch.setenv("LOCALAWS_SLOTS", "1")
        _, account = own_account()
        names = []
        for script in ("import time; time.sleep(60)", "pass", "pass"):
            request = account.training_request(script)
            account.sagemaker.create_training_job(**request)
            names.append(request["TrainingJobName"])
        first, second, third = names
        waiting = account.sagemaker.describe_training_job(TrainingJobName=second)
        assert ("InProgress", "Pending") == (waiting["TrainingJobStatus"], waiting["SecondaryStatus"])
        account.sagemaker.stop_training_job(TrainingJobName=second)
        stopped = account.sagemaker.describe_training_job(TrainingJobName=second)
        assert "Stopped" == stopped["TrainingJobStatus"]
        assert "TrainingStartTime" not in stopped
        account.sagemaker.stop_training_job(TrainingJobName=first)
        assert "Stopped" == account.trained(first)["TrainingJobStatus"]
        done = account.trained(third)
        assert "Completed" == done["TrainingJobStatus"]
        assert account.trained(first)["TrainingEndTime"] <= done["TrainingStartTime"]


class TestRequests:
    """What CreateTrainingJob and its companions refuse."""

    def test_names_are_unique(self, account):
        """
        A second job of a name is ResourceInUse, whatever became of the first.
        """
        job = account.train()
        with pytest.raises(ClientError, match="training job with this name already exists") as refused:
            account.train(TrainingJobName=job["TrainingJobName"])
        assert "ResourceInUse" == refused.value.response["Error"]["Code"]

    def test_an_unknown_job_is_not_found(self, account):
        """
        Describe and Stop answer ValidationException "Requested resource not found."
        """
        for operation in (account.sagemaker.describe_training_job, account.sagemaker.stop_training_job):
            with pytest.raises(ClientError, match=r"Requested resource not found\.") as refused:
                operation(TrainingJobName="nobody")
            assert "ValidationException" == refused.value.response["Error"]["Code"]

    def test_an_ended_job_cannot_be_stopped_but_deleted(self, account):
        """
        Stop names the status; Delete frees the name.
        """
        name = account.train()["TrainingJobName"]
        with pytest.raises(ClientError, match="rejected because the training job is in status Completed"):
            account.sagemaker.stop_training_job(TrainingJobName=name)
        account.sagemaker.delete_training_job(TrainingJobName=name)
        assert "Completed" == account.train(TrainingJobName=name)["TrainingJobStatus"]

    def test_a_running_job_cannot_be_deleted(self, account):
        """
        Delete of a job under way is ResourceInUse.
        """
        request = account.training_request("import time; time.sleep(60)")
        name = request["TrainingJobName"]
        account.sagemaker.create_training_job(**request)
        with pytest.raises(ClientError, match="ResourceInUse"):
            account.sagemaker.delete_training_job(TrainingJobName=name)
        account.sagemaker.stop_training_job(TrainingJobName=name)
        account.trained(name)

    @pytest.mark.parametrize(
        ("members", "said"),
        [
            ({"AlgorithmSpecification": {"TrainingImage": "x", "TrainingInputMode": "Pipe"}}, "'Pipe'"),
            (
                {"AlgorithmSpecification": {"AlgorithmName": "x", "TrainingInputMode": "File"}},
                "AlgorithmName",
            ),
            (
                {
                    "ResourceConfig": {
                        "InstanceType": "ml.m5.large",
                        "InstanceCount": 1,
                        "VolumeSizeInGB": 1,
                        "TrainingPlanArn": "arn:aws:sagemaker:us-east-1:123456789012:training-plan/"
                        + "p" * 12,
                    }
                },
                "ResourceConfig.TrainingPlanArn",
            ),
            (
                {"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/tmp/c"}},
                "CheckpointConfig.LocalPath",
            ),
        ],
    )
    def test_what_is_not_there_is_refused_by_name(self, account, members, said):
        """
        Pipe mode, algorithm resources, training plans, checkpoints elsewhere: NotImplemented, naming the member.
        """
        with pytest.raises(ClientError) as refused:
            account.train(**members)
        assert "NotImplemented" == refused.value.response["Error"]["Code"]
        assert said in refused.value.response["Error"]["Message"]

    @pytest.mark.parametrize(
        ("members", "said"),
        [
            ({"AlgorithmSpecification": {"TrainingInputMode": "File"}}, "exactly one of TrainingImage"),
            (
                {
                    "AlgorithmSpecification": {
                        "TrainingImage": "x",
                        "TrainingInputMode": "File",
                        "MetricDefinitions": [{"Name": "auc", "Regex": "auc=("}],
                    }
                },
                "Regex of metric definition 'auc'",
            ),
            ({"ResourceConfig": {"VolumeSizeInGB": 1}}, "InstanceType"),
            ({"ResourceConfig": {**GROUPS, "InstanceType": "ml.m5.large"}}, "either InstanceGroups or"),
            ({"ResourceConfig": {**GROUPS, "InstanceGroups": 2 * GROUPS["InstanceGroups"]}}, "unique"),
            ({"EnableManagedSpotTraining": True}, "Invalid MaxWaitTimeInSeconds"),
            ({"TrainingJobName": "bad name!"}, "trainingJobName"),
        ],
    )
    def test_what_makes_no_sense_is_a_validation_exception(self, account, members, said):
        """
        A request AWS would refuse is refused here, with nothing stored.
        """
        with pytest.raises(ClientError) as refused:
            account.train(**members)
        assert "ValidationException" == refused.value.response["Error"]["Code"]
        assert said in refused.value.response["Error"]["Message"]

    def test_channel_names_are_unique(self, account):
        """
        Two channels of one name would share a folder.
        """
        channel = account.channel("train", account.uri("x"))
        with pytest.raises(ClientError, match="Channel names must be unique"):
            account.train(InputDataConfig=[channel, channel])
