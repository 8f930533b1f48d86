"""Which parts the stack has, what each needs, and which of them are somebody else's."""

from collections.abc import Collection
from dataclasses import dataclass

from fraud_core.errors import SettingsError
from fraud_core.settings import Settings
from fraud_local.ports import LOOPBACK
from fraud_local.state import Memory

NEEDS: dict[str, tuple[str, ...]] = {
    "kafka": (),
    "postgres": (),
    "airflow": ("postgres",),
    "consumer": ("kafka", "postgres"),
}
"""Every part, with those that must be there before it."""


@dataclass(frozen=True)
class Plan:
    """What `fraud up` sees to. A part outside is used where it is, and neither started nor
    stopped; an embedded one is ours."""

    wanted: frozenset[str]
    outside: frozenset[str]

    @property
    def embedded(self) -> frozenset[str]:
        """What we start ourselves."""
        return self.wanted - self.outside


def make_plan(
    only: Collection[str] | None,
    settings: Settings,
    memory: Memory,
    running: Collection[str] = (),
) -> Plan:
    """The parts in `only`, or all, with what they need and those of the programs in `running`.

    Raises SettingsError for an unknown part, and for settings that an embedded one cannot serve.
    """
    names = set(only or NEEDS)
    if unknown := names - set(NEEDS):
        raise SettingsError(
            f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(NEEDS)}"
        )
    names.update(program.partition("-")[0] for program in running)
    for name in list(names):
        names.update(NEEDS[name])
    plan = Plan(frozenset(names), outside(settings, memory))
    if "kafka" in plan.embedded and settings.kafka_security_protocol != "PLAINTEXT":
        raise SettingsError(
            f"KAFKA_SECURITY_PROTOCOL is {settings.kafka_security_protocol}, and the embedded "
            "broker knows neither logins nor TLS: unset it, or set KAFKA_BOOTSTRAP_SERVERS to the "
            "broker that it is meant for"
        )
    return plan


def outside(settings: Settings, memory: Memory) -> frozenset[str]:
    """The parts that the settings place somewhere else than where this stack ever was."""
    places = {
        "kafka": settings.kafka_bootstrap_servers,
        "postgres": settings.postgres_host and f"{settings.postgres_host}:{settings.postgres_port}",
    }
    return frozenset(
        part
        for part, address in places.items()
        if address is not None and address not in memory.own_addresses
    )


def wished(settings: Settings) -> frozenset[str]:
    """The embedded parts whose port the user names; they move there from where they were before."""
    names = {
        "postgres": settings.postgres_host is None and "postgres_port" in settings.model_fields_set,
        "consumer": settings.metrics_port != 0,
    }
    return frozenset(part for part, is_named in names.items() if is_named)


def with_addresses(settings: Settings, plan_outside: frozenset[str], memory: Memory) -> Settings:
    """The settings as clients of this stack need them."""
    update: dict[str, object] = {"airflow_url": f"http://{LOOPBACK}:{memory.ports['airflow']}"}
    if "kafka" not in plan_outside:
        update["kafka_bootstrap_servers"] = f"{LOOPBACK}:{memory.ports['kafka']}"
    if "postgres" not in plan_outside:
        update["postgres_host"] = LOOPBACK
        update["postgres_port"] = memory.ports["postgres"]
    return settings.model_copy(update=update)
