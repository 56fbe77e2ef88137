"""The member DataProcessing of a transform at work: records cut for the model, its answers joined and cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localaws.jobs.failure import JobFailure
from localaws.sagemaker.transform.record_filters import Filter, NoSuchPart, filtered, joined
from localaws.sagemaker.transform.records import split
from localaws.sagemaker.transform.request import CSV


@dataclass(frozen=True)
class DataProcessing:
    """What a transform job asks to be done with its records.

    Attributes:
        before: Cuts a record for the model.
        after: Cuts an answer, joined or not, for the output.
        joins: Whether a record and its answer are stored together.
        split_type: How records, and so answers, are told apart.
        input_is_csv: Whether records are CSV lines; else JSON.
        output_is_csv: The same of answers.
    """

    before: Filter
    after: Filter
    joins: bool
    split_type: str
    input_is_csv: bool
    output_is_csv: bool

    @classmethod
    def of(cls, job: dict[str, Any]) -> DataProcessing:
        """What a job's request says, checked when it was created."""
        processing = job.get("DataProcessing", {})
        return cls(
            Filter.parse(processing.get("InputFilter", "$")),
            Filter.parse(processing.get("OutputFilter", "$")),
            processing.get("JoinSource", "None") == "Input",
            job["TransformInput"].get("SplitType", "None"),
            job["TransformInput"].get("ContentType") == CSV,
            job["TransformOutput"].get("Accept") == CSV,
        )

    def inputs(self, records: list[bytes], where: str) -> list[bytes]:
        """The records as the model gets them.

        Raises:
            JobFailure: A record has not what the filter names; it says where.
        """
        if not self.before.steps:
            return records
        try:
            return [
                filtered(record.decode(), self.before, is_csv=self.input_is_csv).encode()
                for record in records
            ]
        except (NoSuchPart, UnicodeDecodeError) as error:
            raise JobFailure("ClientError", f"InputFilter on {where}: {error}") from error

    def output(self, records: list[bytes], body: bytes, where: str) -> bytes:
        """What is stored of the model's answer to some records.

        Raises:
            JobFailure: The answers are not as many as the records, or have not what the filter names.
        """
        if not self.joins and not self.after.steps:
            return body
        answers = split(body, self.split_type)
        if self.joins and len(answers) != len(records):
            raise JobFailure(
                "ClientError",
                f"JoinSource on {where}: the model answered {len(answers)} for {len(records)} records",
            )
        try:
            texts = [answer.decode() for answer in answers]
            if self.joins:
                pairs = zip(records, texts, strict=True)
                texts = [joined(record.decode(), text, is_csv=self.output_is_csv) for record, text in pairs]
            return "\n".join(filtered(text, self.after, is_csv=self.output_is_csv) for text in texts).encode()
        except (NoSuchPart, UnicodeDecodeError) as error:
            raise JobFailure("ClientError", f"DataProcessing of the answer for {where}: {error}") from error
