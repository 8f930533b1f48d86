"""The REST API of the Airflow that a task runs in."""

from airflow.sdk.configuration import conf

from fraud_core.settings import load_settings
from fraud_local.airflow_api import AirflowApi, airflow_api


def own_api() -> AirflowApi:
    """A client at the address that tasks use themselves; AIRFLOW_URL is where people find the UI.

    Raises SettingsError when the operator's password is not set.
    """
    settings = load_settings()
    address = conf.get("core", "execution_api_server_url", fallback="")
    base = address.partition("/execution")[0] or settings.airflow_url
    return airflow_api(settings.model_copy(update={"airflow_url": base}))
