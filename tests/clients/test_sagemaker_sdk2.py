"""The SageMaker Python SDK 2, which most pipelines still use."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("sagemaker_sdk2")


@pytest.fixture
def run_sdk(run_script, tmp_path):
    """Runs a script with a configuration that keeps the SDK's telemetry off."""
    config = tmp_path / "sagemaker.yaml"
    config.write_text("SchemaVersion: '1.0'\nSageMaker: {PythonSDK: {Modules: {TelemetryOptOut: true}}}\n")

    def run(script: str) -> dict:
        variables = {"SAGEMAKER_USER_CONFIG_OVERRIDE": str(config), "SAGEMAKER_SUPPRESS_V2_WARNING": "1"}
        return run_script("sagemaker2", script, **variables)

    return run


def test_an_estimator_is_fitted_attached_deployed_and_transforms(run_sdk):
    """A script-mode estimator on spot capacity: its logs, metric, endpoint and batch transform, and attach()."""
    found = run_sdk("sagemaker2_estimator")

    assert ["true", True] == found["attached"]
    assert [12, 15] == found["answer"]
    assert [3, 6] == found["told"]
    assert 3 == found["metric"]


def test_a_processor_a_tuner_and_the_registry(run_sdk):
    """A processing script, a search of a script that takes no other arguments, attach(), and a registered model."""
    found = run_sdk("sagemaker2_jobs")

    assert "3 ['--kind', 'rows']" == found["counted"]
    assert (3, True, ["booster", "rate"]) == (found["trials"], found["best"], found["ranges"])
    assert (1, "Approved") == (found["version"], found["approval"])
