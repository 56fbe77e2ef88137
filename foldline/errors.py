"""Every error a user can meet, as one tree; text is rendered here and nowhere else.

FoldlineError
├── ConfigError        a step file, a parameter or an environment is wrong; nothing was started
├── RequestError       a request breaks AWS's own service model; nothing was sent
├── DataError          the data break a rule: empty query result, one class, a missing column
│   └── QualityError   the quality gate found offenders
├── JobError           a remote job did not end well
│   ├── JobFailed      the service says Failed; carries FailureReason and the last log lines
│   ├── JobStopped     somebody or a limit stopped it: never a success
│   ├── JobTimedOut    the wait budget is spent
│   └── JobConflict    the name exists and is not ours
├── GateRejected       the candidate did not beat what it had to beat
├── DeploymentError    what serves is not what was asked for
└── EnvironmentFault   this machine or account is not as the environment file says

Container side: imports the standard library only.
"""

from __future__ import annotations

LIMIT = 6_000
"""Characters of a rendered error at most: Airflow's task log and UI stay readable."""


class FoldlineError(Exception):
    """An error that says what failed, where, why and how to mend it.

    Args:
        what: One sentence: which thing failed.
        where: File and line, S3 address, or job the reader should look at.
        cause: What was observed: a FailureReason, log lines, a value.
        mend: What to change or run next.
    """

    def __init__(self, what: str, *, where: str = "", cause: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.cause, self.mend = what, where, cause, mend

    def __str__(self) -> str:
        lines = [self.what]
        for label, text in (("where", self.where), ("cause", self.cause), ("mend", self.mend)):
            if text:
                lines.append(f"  {label:<6}  " + text.strip().replace("\n", "\n          "))
        text = "\n".join(lines)
        return text if len(text) <= LIMIT else text[: LIMIT - 20] + "\n  … (cut)"


class ConfigError(FoldlineError):
    """A step file, a parameter or an environment file is wrong; nothing was started."""


class RequestError(FoldlineError):
    """A request breaks AWS's own service model; nothing was sent."""


class DataError(FoldlineError):
    """The data break a rule that the step relies on."""


class QualityError(DataError):
    """The quality gate found offenders; nothing was spent on training."""


class JobError(FoldlineError):
    """A remote job did not end well."""


class JobFailed(JobError):
    """The service reports the job as failed."""


class JobStopped(JobError):
    """The job was stopped by a person or a limit; its artifacts are partial."""


class JobTimedOut(JobError):
    """The wait budget is spent and the job has not ended."""


class JobConflict(JobError):
    """A resource of this name exists that this run does not own."""


class GateRejected(FoldlineError):
    """The candidate did not beat what it had to beat; the evidence is in the message."""


class DeploymentError(FoldlineError):
    """What serves is not what was asked for."""


class EnvironmentFault(FoldlineError):
    """This machine or account is not as the environment file says."""
