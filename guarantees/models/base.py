"""What all models share: facts that are append-only once public, reference rows with an optimistic lock."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

import pghistory
import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext_lazy as _

from guarantees.clock import Clock
from guarantees.text import fold
from guarantees.vocabulary import CorrectionKind, Term

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

M = TypeVar("M", bound=models.Model)


class SearchTextField(models.TextField):
    """The folded text by which a row is found, made from ``of`` (attribute names) whenever the row is saved.

    Written through ``save()`` and ``bulk_create()``; an ``update()`` must bring it along.
    """

    def __init__(self, *args: Any, of: Iterable[str] = (), **options: Any) -> None:
        self.of = tuple(of)
        options |= {"editable": False, "default": "", "blank": True}
        super().__init__(*args, **options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        for fixed in ("editable", "default", "blank"):
            options.pop(fixed, None)
        return name, path, list(args), options | {"of": self.of}

    def text_of(self, row: models.Model) -> str:
        """Return the folded text for a row."""
        return fold(" ".join(str(getattr(row, name) or "") for name in self.of))

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        text = self.text_of(model_instance)
        setattr(model_instance, self.attname, text)
        return text


Tracker = Callable[[type[M]], type[M]]


def track_facts(model: type[M]) -> type[M]:
    """Keep the history of a fact while it is a draft; becoming public is no edit and leaves no trace here."""
    tracked: Tracker = pghistory.track(
        pghistory.UpdateEvent(condition=pghistory.AnyChange(exclude=["known"])), pghistory.DeleteEvent()
    )
    return tracked(model)


def track_introduced(model: type[M]) -> type[M]:
    """Keep the history of a row that is visible from some moment on; becoming visible is no edit."""
    tracked: Tracker = pghistory.track(
        pghistory.UpdateEvent(condition=pghistory.AnyChange(exclude=["visible_from"])), pghistory.DeleteEvent()
    )
    return tracked(model)


def track_reference(model: type[M]) -> type[M]:
    """Keep the history of a reference row, from its first version on."""
    tracked: Tracker = pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
    return tracked(model)


def search_index(table: str) -> GinIndex:
    """Return the full-text index over a table's folded text; queries must name the same configuration."""
    return GinIndex(SearchVector("search_text", config="english"), name=f"{table}_search")


def is_one_of(table: str, field: str, terms: type[Term], *, or_empty: bool = False) -> models.CheckConstraint:
    """Return the constraint that binds a field to the codes of the vocabulary (``choices`` binds only forms)."""
    values = [*terms.values, ""] if or_empty else list(terms.values)
    return models.CheckConstraint(
        condition=Q(**{f"{field}__in": values}),
        name=f"{table}_{field}_is_a_term",
        violation_error_message=_("This is not one of the codes of the vocabulary."),
    )


def are_among(table: str, field: str, terms: type[Term]) -> models.CheckConstraint:
    """Return the constraint that binds each element of an array field to the codes of the vocabulary."""
    return models.CheckConstraint(
        condition=Q(**{f"{field}__contained_by": terms.values}),
        name=f"{table}_{field}_are_terms",
        violation_error_message=_("One of these is not a code of the vocabulary."),
    )


class Point(models.Func):
    """A whole number as a range of one: ranges overlap exactly where the numbers are equal.

    Lets an exclusion constraint compare ids beside ranges without the extension btree_gist.
    """

    template = "int8range((%(expressions)s)::int8, (%(expressions)s)::int8, '[]')"

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **context: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        # The expression stands twice in the template, so its parameters are needed twice.
        sql, params = super().as_sql(compiler, connection, *args, **context)
        return sql, (*params, *params)


class DayPoint(Point):
    """A day as a range of one day; see :class:`Point`."""

    template = "daterange(%(expressions)s, %(expressions)s, '[]')"


class TextPoint(Point):
    """A text as a range of one number, its 60-bit digest; see :class:`Point`."""

    template = (
        "int8range(('x' || substr(md5(%(expressions)s), 1, 15))::bit(60)::int8, "
        "('x' || substr(md5(%(expressions)s), 1, 15))::bit(60)::int8, '[]')"
    )


def one_at_a_time(table: str, message: "str | StrPromise", *keys: models.expressions.Combinable) -> ExclusionConstraint:
    """Return the constraint that facts with equal keys are never known at the same time.

    Deferred to the commit, because a correction ends the life of the fact it replaces in the same transaction.
    """
    return ExclusionConstraint(
        name=f"{table}_one_at_a_time",
        expressions=[
            *((key, RangeOperators.OVERLAPS) for key in keys),
            (F("known"), RangeOperators.OVERLAPS),
        ],
        condition=Q(known__isnull=False),
        deferrable=models.Deferrable.DEFERRED,
        violation_error_message=message,
    )


class Versioned(models.Model):
    """A row that is edited in place: the version a form was built from must still be the row's when it is written."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class Introduced(models.Model):
    """A summit or pledge that a changeset brought: nobody but editors sees it before that changeset is public."""

    changeset = models.ForeignKey(
        "guarantees.Changeset",
        on_delete=models.PROTECT,
        related_name="introduced_%(class)s",
        verbose_name=_("changeset"),
    )
    visible_from = models.DateTimeField(
        _("visible from"),
        null=True,
        editable=False,
        help_text=_("The publication time of its changeset; empty while that is not approved."),
    )

    class Meta:
        abstract = True


class VisibleQuerySet(models.QuerySet[M]):
    """Rows that exist for a reader only from the time on at which they were published."""

    def visible(self, at: Clock) -> Self:
        """Return the rows that a reader at this clock's ``known`` can see."""
        return self.filter(visible_from__lte=at.known)


class FactQuerySet(models.QuerySet[M]):
    """Facts: drafts, and what was part of the public record when."""

    def as_of(self, clock: Clock) -> Self:
        """Return the facts known at ``clock.known`` and dated ``clock.on`` or earlier: the one way to read facts."""
        dated = cast("type[Fact]", self.model).DATED_BY
        return self.filter(known__contains=clock.known, **{f"{dated}__lte": clock.on})

    def known_at(self, clock: Clock) -> Self:
        """Return the facts known at ``clock.known``, whatever their date."""
        return self.filter(known__contains=clock.known)

    def drafts(self) -> Self:
        """Return the facts that no approved changeset has brought yet."""
        return self.filter(known__isnull=True)


class Fact(Versioned):
    """A dated, sourced statement. Append-only once its changeset is approved.

    ``known`` runs from the publication of the changeset to the moment at which a correction or a retraction
    took effect; null while the fact is a draft.
    """

    DATED_BY: ClassVar[str] = "date"

    public_id = models.CharField(
        _("id"),
        max_length=120,
        unique=True,
        help_text=_("The stable public id; a correcting fact gets its own."),
    )
    changeset = models.ForeignKey(
        "guarantees.Changeset", on_delete=models.PROTECT, related_name="%(class)s_set", verbose_name=_("changeset")
    )
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("corrects"),
        help_text=_("The earlier fact that this one replaces because the tracker was wrong."),
    )
    correction_kind = models.CharField(_("kind of correction"), max_length=10, choices=CorrectionKind, blank=True)
    known = DateTimeRangeField(_("known"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True


def fact_constraints(table: str) -> list[models.BaseConstraint]:
    """Return the constraints that every kind of fact carries."""
    return [
        is_one_of(table, "correction_kind", CorrectionKind, or_empty=True),
        models.CheckConstraint(
            condition=Q(corrects__isnull=True, correction_kind="")
            | (Q(corrects__isnull=False) & ~Q(correction_kind="")),
            name=f"{table}_correction_has_its_kind",
            violation_error_message=_("A fact that corrects another one says whether it corrects or extends it."),
        ),
        models.CheckConstraint(
            condition=~Q(corrects=F("id")),
            name=f"{table}_corrects_another",
            violation_error_message=_("A fact cannot correct itself."),
        ),
        models.CheckConstraint(
            condition=Q(known__isnull=True)
            | Q(known__isempty=False, known__lower_inf=False, known__lower_inc=True, known__upper_inc=False),
            name=f"{table}_known_has_a_start",
            violation_error_message=_("What is known is known from some moment on."),
        ),
        models.UniqueConstraint(
            fields=["corrects"],
            condition=Q(known__isnull=False),
            name=f"{table}_corrected_once",
            violation_error_message=_("This fact has already been corrected by another one."),
        ),
    ]


def fact_triggers(table: str, citations: str) -> list[pgtrigger.Trigger]:
    """Return the triggers that every kind of fact carries.

    ``append_only``: once approved, nothing but the end of ``known`` may change, and nothing may be deleted (an
    approval that is called back empties ``known`` first). ``is_cited``: at commit, a known fact has a source.
    """
    return [
        pgtrigger.Trigger(
            name="append_only",
            operation=pgtrigger.Update | pgtrigger.Delete,
            when=pgtrigger.Before,
            condition=pgtrigger.Q(old__known__isnull=False),
            func=f"""
                IF TG_OP = 'DELETE' THEN
                    RAISE EXCEPTION 'A published fact (% of {table}) cannot be deleted: retract it.', OLD.public_id
                        USING ERRCODE = 'restrict_violation', CONSTRAINT = '{table}_append_only';
                ELSIF (to_jsonb(NEW) - 'known') IS DISTINCT FROM (to_jsonb(OLD) - 'known') THEN
                    RAISE EXCEPTION 'A published fact (% of {table}) cannot be changed: correct it.', OLD.public_id
                        USING ERRCODE = 'restrict_violation', CONSTRAINT = '{table}_append_only';
                END IF;
                RETURN NEW;
            """,
        ),
        pgtrigger.Trigger(
            name="is_cited",
            operation=pgtrigger.Insert | pgtrigger.UpdateOf("known"),  # type: ignore[no-untyped-call]  # untyped library
            when=pgtrigger.After,
            timing=pgtrigger.Deferred,
            condition=pgtrigger.Q(new__known__isnull=False),
            func=f"""
                IF NOT EXISTS (SELECT 1 FROM {citations} WHERE fact_id = NEW.id) THEN
                    RAISE EXCEPTION 'A fact (% of {table}) cannot become public without a source.', NEW.public_id
                        USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_is_cited';
                END IF;
                RETURN NULL;
            """,  # noqa: S608  the names of tables are constants of the models
        ),
    ]


class Citation(models.Model):
    """One source for one fact: where in it, and how credible the information is (1 confirmed … 6 cannot be judged)."""

    source = models.ForeignKey(
        "guarantees.Source", on_delete=models.PROTECT, related_name="%(class)s_set", verbose_name=_("source")
    )
    locator = models.CharField(
        _("locator"), max_length=120, blank=True, help_text=_("Page, paragraph or minute where it stands.")
    )
    credibility = models.PositiveSmallIntegerField(
        _("credibility"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(6)],
        help_text=_("From 1, confirmed by other sources, to 6, truth cannot be judged."),
    )

    class Meta:
        abstract = True


def citation_constraints(table: str) -> list[models.BaseConstraint]:
    """Return the constraints that every kind of citation carries."""
    return [
        models.UniqueConstraint(
            fields=["fact", "source"],
            name=f"{table}_source_once",
            violation_error_message=_("This source is already cited here."),
        ),
        models.CheckConstraint(
            condition=Q(credibility__isnull=True) | Q(credibility__range=(1, 6)),
            name=f"{table}_credibility_1_to_6",
            violation_error_message=_("Credibility is a number from 1 to 6."),
        ),
    ]


def citation_triggers(table: str, facts: str) -> list[pgtrigger.Trigger]:
    """Return the trigger that keeps the citations of a published fact as they are."""
    return [
        pgtrigger.Trigger(
            name="append_only",
            operation=pgtrigger.Update | pgtrigger.Delete,
            when=pgtrigger.Before,
            func=f"""
                IF EXISTS (SELECT 1 FROM {facts} WHERE id = OLD.fact_id AND known IS NOT NULL) THEN
                    RAISE EXCEPTION 'A citation of a published fact cannot be changed: correct the fact.'
                        USING ERRCODE = 'restrict_violation', CONSTRAINT = '{table}_append_only';
                END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            """,  # noqa: S608  the names of tables are constants of the models
        ),
    ]
