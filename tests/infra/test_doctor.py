"""The doctor's questions can be asked as they stand: botocore's models know every call and every parameter."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from infra.aws.doctor import Subject, questions
from infra.azure import doctor as azure_doctor
from infra.doctor import Moment, Question
from infra.quotas import Quota
from tests.infra.traps.page import ALL_QUESTIONS, AZURE_SUBJECT

EMPTY = Subject(
    region="eu-central-1",
    worker_zones=("eu-central-1a", "eu-central-1b"),
    prober_zones=("eu-central-1a", "eu-central-1b", "eu-central-1c"),
    image_id="ami-0fedcba9876543210",
    instance_type="m6i.large",
    root_volume_gb=30,
    reserved_runs=0,
    endpoint_services=(),
    quota_needs={},
)
FULL = dataclasses.replace(
    EMPTY,
    reserved_runs=12,
    endpoint_services=("ssm", "ssmmessages"),
    quota_needs=dict.fromkeys(Quota, 3),
    topic_arn="arn:aws:sns:eu-central-1:123456789012:site-notices",
    functions_in_network=("site-prober-eu-central-1a",),
    instance_ids=("i-0123456789abcdef0",),
    arbiter_role_arn="arn:aws:iam::123456789012:role/site-arbiter",
    address_arn="arn:aws:ec2:eu-central-1:123456789012:elastic-ip/eipalloc-1",
)
READS = ("Describe", "Get", "List", "Simulate")


@functools.cache
def session() -> Any:
    return botocore.session.get_session()


@pytest.mark.parametrize("question", questions(FULL), ids=lambda question: question.id)
def test_a_question_is_a_call_that_reads_and_its_parameters_are_valid(question: Question) -> None:
    service, _, operation = question.asks.partition(":")
    model = session().get_service_model(service).operation_model(operation)

    assert operation.startswith(READS)
    if model.input_shape is None:
        assert question.parameters == {}
        return
    faults = ParamValidator().validate(dict(question.parameters), model.input_shape)
    assert not faults.has_errors(), faults.generate_report()


@pytest.mark.parametrize("asked", [questions(FULL), azure_doctor.questions(AZURE_SUBJECT)], ids=["aws", "azure"])
def test_questions_are_told_apart_and_come_in_the_order_of_their_moments(asked: Sequence[Question]) -> None:
    assert len({question.id for question in asked}) == len(asked)
    assert [each.moment for each in asked] == sorted((each.moment for each in asked), key=list(Moment).index)
    assert {each.moment for each in asked} == set(Moment)
    assert all(question.wanted and question.why.endswith(".") for question in asked)


def test_no_two_questions_of_the_page_have_one_name() -> None:
    names = [question.id for question in ALL_QUESTIONS]
    assert len(set(names)) == len(names)


def test_nothing_is_asked_about_what_is_not_there() -> None:
    assert [question.id for question in questions(EMPTY)] == ["zones", "type-offerings", "image-size"]


def test_a_good_answer_names_the_stacks_own_numbers() -> None:
    wanted = {question.id: question.wanted for question in questions(FULL)}

    assert wanted["unreserved-runs"] == "AccountLimit.UnreservedConcurrentExecutions at least 112"
    assert "at most 30" in wanted["image-size"]
    assert wanted["quota-L-0263D0A3"].startswith("Quota.Value at least 3")
    assert wanted["type-offerings"] == "one offering for each of eu-central-1a, eu-central-1b"
