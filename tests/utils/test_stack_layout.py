"""Which parts are ours, and which the settings place somewhere else."""

import pytest

from fraud_core.errors import SettingsError
from fraud_core.settings import Settings
from fraud_local.layout import NEEDS, make_plan, outside, wished, with_addresses
from fraud_local.state import Memory

PORTS = {"kafka": 9094, "kafka-controller": 9095, "postgres": 5433, "airflow": 8081}


def settings(**values: object) -> Settings:
    return Settings.model_construct(**values)  # pyright: ignore[reportArgumentType] - only what a test is about


def test_everything_is_embedded_unless_told() -> None:
    assert make_plan(None, settings(), Memory()).embedded == frozenset(NEEDS)


def test_a_part_brings_what_it_needs() -> None:
    plan = make_plan(["consumer"], settings(), Memory())
    assert plan.wanted == {"consumer", "kafka", "postgres"}


def test_what_runs_already_stays_in_the_plan() -> None:
    running = ["kafka", "airflow-scheduler", "airflow-api-server"]
    plan = make_plan(["postgres"], settings(), Memory(), running)
    assert plan.wanted == {"kafka", "postgres", "airflow"}


def test_an_unknown_part_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"zookeeper.*kafka"):
        make_plan(["zookeeper"], settings(), Memory())


def test_a_broker_that_the_user_names_makes_the_embedded_one_stay_away() -> None:
    plan = make_plan(None, settings(kafka_bootstrap_servers="broker:9092"), Memory())
    assert "kafka" not in plan.embedded
    assert "postgres" in plan.embedded


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_logins_for_the_embedded_broker_are_refused_before_it_starts(protocol: str) -> None:
    with pytest.raises(
        SettingsError, match=f"KAFKA_SECURITY_PROTOCOL is {protocol}.*KAFKA_BOOTSTRAP_SERVERS"
    ):
        make_plan(["consumer"], settings(kafka_security_protocol=protocol), Memory())


def test_logins_are_for_a_broker_that_the_user_names() -> None:
    secured = settings(kafka_bootstrap_servers="broker:9093", kafka_security_protocol="SASL_SSL")
    assert make_plan(None, secured, Memory()).outside == {"kafka"}


def test_logins_do_not_matter_where_no_broker_starts() -> None:
    plan = make_plan(["airflow"], settings(kafka_security_protocol="SASL_SSL"), Memory())
    assert plan.embedded == {"airflow", "postgres"}


def test_logins_are_refused_for_the_embedded_broker_that_runs_already() -> None:
    shell = settings(
        kafka_bootstrap_servers="127.0.0.1:9092", kafka_security_protocol="SASL_PLAINTEXT"
    )
    with pytest.raises(SettingsError, match="KAFKA_SECURITY_PROTOCOL"):
        make_plan(None, shell, Memory(own_addresses=["127.0.0.1:9092"]))


def test_a_server_that_the_user_names_makes_the_embedded_one_stay_away() -> None:
    plan = make_plan(None, settings(postgres_host="db", postgres_port=5432), Memory())
    assert "postgres" not in plan.embedded


def test_the_stacks_own_addresses_in_the_environment_are_not_somebody_elses() -> None:
    """As after `eval "$(fraud env)"`, also when the ports have changed since."""
    memory = Memory(own_addresses=["127.0.0.1:9092", "127.0.0.1:9094", "127.0.0.1:5433"])
    shell = settings(
        kafka_bootstrap_servers="127.0.0.1:9092", postgres_host="127.0.0.1", postgres_port=5433
    )
    assert outside(shell, memory) == frozenset()


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({}, set[str]()),
        ({"postgres_port": 5432}, {"postgres"}),
        ({"postgres_host": "127.0.0.1", "postgres_port": 5433}, set[str]()),
        ({"metrics_port": 9500}, {"consumer"}),
    ],
)
def test_a_port_is_wished_for_by_naming_it_alone(given: dict[str, object], parts: set[str]) -> None:
    """With a host it is where the stack was, as after `eval "$(fraud env)"`, or somebody else's."""
    assert wished(settings(**given)) == parts


def test_clients_get_the_ports_of_this_stack() -> None:
    found = with_addresses(settings(), frozenset(), Memory(ports=PORTS))
    assert found.kafka_bootstrap_servers == "127.0.0.1:9094"
    assert (found.postgres_host, found.postgres_port) == ("127.0.0.1", 5433)
    assert found.airflow_url == "http://127.0.0.1:8081"


def test_clients_get_the_users_own_services() -> None:
    given = settings(kafka_bootstrap_servers="broker:9092")
    found = with_addresses(given, frozenset({"kafka"}), Memory(ports=PORTS))
    assert found.kafka_bootstrap_servers == "broker:9092"
