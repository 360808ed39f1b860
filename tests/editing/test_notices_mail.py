"""A mail server that fails holds up nothing at the desk."""

import logging
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend

from guarantees.editing import changesets, facts
from guarantees.models import Notice
from tests.factories import PledgeFactory, SourceFactory, day, editor, reviewer


class BrokenBackend(BaseEmailBackend):
    """A mail server that answers nothing."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError("No mail server is there.")


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_fails_is_logged_and_undoes_nothing(settings: Any, caplog: pytest.LogCaptureFixture):
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    author, judge = editor(), reviewer(email="rita@example.org")
    changeset = changesets.start(by=author, title="Outcomes", reason="For a test.")
    facts.add_update(
        by=author,
        changeset=changeset,
        values={"date": day("2025-09-04"), "status": "announced", "summary": "It said so.", "attribution": "by_self"},
        sources=[SourceFactory()],
        state=PledgeFactory().state,
        category="troops",
        title="Troops",
    )
    with caplog.at_level(logging.ERROR):
        changesets.submit(by=author, changeset=changeset)
    changeset.refresh_from_db()
    assert (changeset.state, list(Notice.objects.values_list("to", "kind"))) == ("submitted", [(judge.pk, "submitted")])
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ConnectionRefusedError]
