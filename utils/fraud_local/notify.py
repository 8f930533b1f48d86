"""Tells people that something needs them: in the log always, by webhook and e-mail when set."""

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import quote

import httpx
import msgspec
import structlog

from fraud_core.settings import Settings

ANSWER_SECONDS = 10
TLS_PORT = 465


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to which run; `what` completes "<dag> ..."; `task_id` is its last red box."""

    what: str
    dag_id: str
    run_id: str
    task_id: str | None = None
    reason: str = ""

    @property
    def subject(self) -> str:
        """One line."""
        return f"{self.dag_id} {self.what}"


def text(alarm: Alarm, airflow_url: str | None) -> str:
    """What a person reads: which run, which tasks, where to look."""
    lines = [alarm.subject, f"run: {alarm.run_id}"]
    lines += [f"red: {alarm.task_id}"] if alarm.task_id else []
    lines += [f"reason: {alarm.reason}"] if alarm.reason else []
    if airflow_url:
        lines.append(f"{airflow_url}/dags/{alarm.dag_id}/runs/{quote(alarm.run_id, safe='')}")
    return "\n".join(lines)


def tell(settings: Settings, alarm: Alarm) -> None:
    """Deliver everywhere. A place that does not take it is named in the log, and stops no other."""
    log = structlog.get_logger()
    log.error("alarm", **msgspec.structs.asdict(alarm))
    message = text(alarm, settings.airflow_url)
    for place, deliver in (("webhook", _call_webhook), ("e-mail", _send_mail)):
        try:
            deliver(settings, alarm, message)
        except (httpx.HTTPError, httpx.InvalidURL, smtplib.SMTPException, OSError) as error:
            # Its text and its traceback would show the webhook's address, which is a secret.
            log.error(  # noqa: TRY400
                "alarm not delivered", to=place, error=type(error).__name__, answer=_answer(error)
            )


def _answer(error: Exception) -> int | None:
    """The code with which a server refused, if one did."""
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code
    return error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None


def _call_webhook(settings: Settings, alarm: Alarm, message: str) -> None:
    if settings.notify_webhook_url is None:
        return
    answer = httpx.post(
        settings.notify_webhook_url.get_secret_value(),
        json={"text": message, **msgspec.structs.asdict(alarm)},
        timeout=ANSWER_SECONDS,
    )
    answer.raise_for_status()


def _send_mail(settings: Settings, alarm: Alarm, message: str) -> None:
    if settings.notify_email_to is None:
        return
    mail = EmailMessage()
    mail["Subject"] = alarm.subject
    mail["From"] = settings.notify_email_from
    mail["To"] = settings.notify_email_to
    mail.set_content(message)
    with _server(settings) as server:
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(mail)


def _server(settings: Settings) -> smtplib.SMTP:
    """Connected; over TLS, by a certificate that is valid for it, unless it is on this machine."""
    place, trusted = (settings.smtp_host, settings.smtp_port), ssl.create_default_context()
    if settings.smtp_port == TLS_PORT:
        return smtplib.SMTP_SSL(*place, timeout=ANSWER_SECONDS, context=trusted)
    server = smtplib.SMTP(*place, timeout=ANSWER_SECONDS)
    if settings.smtp_host not in {"localhost", "127.0.0.1"}:
        server.starttls(context=trusted)
    return server
