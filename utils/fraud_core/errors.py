"""Every error that the platform raises on purpose, by area, under one root.

A message that cannot be processed is not an error: it is a value with a reason and becomes a dead
letter. These classes are for what stops a command, and each message says the way out.
"""


class FraudPlatformError(Exception):
    """Root of all; the command line prints it without a traceback and exits with `exit_code`."""

    exit_code = 1


class SettingsError(FraudPlatformError):
    """A variable is missing or wrong; the message names it and what is expected."""

    exit_code = 2


class FetchError(FraudPlatformError):
    """Something could not be fetched from a package registry, or its checksum is wrong."""

    exit_code = 3


class StackError(FraudPlatformError):
    """A part of the embedded stack does not start, stop or answer."""

    exit_code = 4


class DatabaseError(FraudPlatformError):
    """Postgres refuses what we ask for, for a reason that waiting does not cure."""

    exit_code = 5


class StreamError(FraudPlatformError):
    """Kafka's log is not what the stored offsets say: a topic missing, re-created or truncated."""

    exit_code = 6


class LeaseLostError(StreamError):
    """Another scorer holds the lease now; whatever this one had in hand is rolled back."""


class PipelineError(FraudPlatformError):
    """An Airflow run failed or did not end in time."""

    exit_code = 7


class ReconciliationError(FraudPlatformError):
    """Counts that must agree do not: something is lost, doubled or unaccounted for."""

    exit_code = 8


class WarehouseError(FraudPlatformError):
    """dbt could not get as far as building: a broken project, or no connection."""

    exit_code = 9


class RuleError(FraudPlatformError):
    """A rule set or a list that cannot be used; the message says file, line and what to change."""

    exit_code = 10


class NothingToDoError(FraudPlatformError):
    """There is nothing to work on, which is no fault; in Airflow the task is skipped."""

    exit_code = 11


class ReplayError(FraudPlatformError):
    """A replay that cannot be made as asked for; nothing was sent or written."""

    exit_code = 12


class DeadLetterError(FraudPlatformError):
    """A dead letter that cannot be acted on as asked; nothing was sent or noted."""

    exit_code = 13


class ExportError(FraudPlatformError):
    """A day cannot be exported as it is now; the partition that is there stays."""

    exit_code = 18


class QualityError(FraudPlatformError):
    """A check does not hold; the message names the rows and the query that finds them."""

    exit_code = 14


class ErasureError(FraudPlatformError):
    """A customer who cannot be erased now, or not so; nothing was changed."""

    exit_code = 15


class UnknownCustomerError(ErasureError):
    """Nothing is known of a customer of this id."""

    exit_code = 16


class StuckError(FraudPlatformError):
    """A service's loop stopped going round; its process ends so that another can go on."""

    exit_code = 17


class AuditError(FraudPlatformError):
    """A known weakness or a secret was found, or could not be looked for."""

    exit_code = 19
