"""Every right that Postgres knows of for the platform's roles, one line an object.

A line names the object and then who may do what with it:
    table raw.stream_offsets      consumer=insert,select,update dbt=select
The owner of an object is written `owner!`, with what is left of his rights when some were taken
away. Numbers of partitions are written `_N`, the database `fraud`, and `everybody` is PUBLIC.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from fraud_core.settings import Role, Settings

OBJECTS = """
with system as (
    select oid as namespace from pg_namespace
    where nspname ~ '^pg_' or nspname = 'information_schema'
),
objects as (
    select
        case relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end as kind,
        relnamespace::regnamespace || '.' || relname as name, relowner as owner, relacl as acl,
        acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner) as usual
    from pg_class
    where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and relnamespace not in (table system)
    union all
    select
        'column', attrelid::regclass || '.' || attname, relowner, attacl, null
    from pg_attribute inner join pg_class on pg_class.oid = attrelid
    where attacl is not null and relnamespace not in (table system)
    union all
    select 'function', oid::regprocedure::text, proowner, proacl, acldefault('f', proowner)
    from pg_proc where pronamespace not in (table system)
    union all
    select 'schema', nspname, nspowner, nspacl, acldefault('n', nspowner)
    from pg_namespace where oid not in (table system)
    union all
    select 'database', datname, datdba, datacl, acldefault('d', datdba)
    from pg_database where datname in (current_database(), %(airflow)s, 'postgres', 'template1')
    union all
    select 'language', lanname, lanowner, lanacl, acldefault('l', lanowner)
    from pg_language where lanpltrusted
    union all
    select 'type', oid::regtype::text, typowner, typacl, acldefault('T', typowner)
    from pg_type where typacl is not null and typnamespace not in (table system)
    union all
    select
        'default',
        coalesce(nullif(defaclnamespace, 0)::regnamespace::text, 'everywhere')
        || ' ' || defaclobjtype::text,
        defaclrole, defaclacl, null
    from pg_default_acl
    union all
    select 'parameter', parname, 10, paracl, null from pg_parameter_acl
    union all
    select 'large object', oid::text, lomowner, lomacl, acldefault('L', lomowner)
    from pg_largeobject_metadata
)
select kind, name, pg_get_userbyid(owner),
    array(
        select
            coalesce(pg_get_userbyid(nullif(grantee, 0)), 'everybody') || ' '
            || lower(privilege_type) || case when is_grantable then '*' else '' end
        from aclexplode(coalesce(acl, usual))
    ),
    array(select lower(privilege_type) from aclexplode(usual) where grantee = owner)
from objects
order by 1, 2
"""

BUILT_IN = """
select 'built-in ' || what || ': ' || coalesce(pg_get_userbyid(nullif(grantee, 0)), 'everybody')
    || '=' || lower(privilege_type)
from (
    select
        pg_class.oid::regclass::text as what, relacl as acl, coalesce(initprivs, '{}') as initial
    from pg_class
    left join pg_init_privs
        on objoid = pg_class.oid and classoid = 'pg_class'::regclass and objsubid = 0
    where relnamespace = 'pg_catalog'::regnamespace
    union all
    select pg_proc.oid::regprocedure::text, proacl, coalesce(initprivs, acldefault('f', proowner))
    from pg_proc
    left join pg_init_privs on objoid = pg_proc.oid and classoid = 'pg_proc'::regclass
    where pronamespace = 'pg_catalog'::regnamespace
) as held
cross join lateral aclexplode(
    nullif(array(select item from unnest(acl) as item where not initial @> item), '{}')
)
"""
"""What was granted of the server's own tables and functions since it was made."""

ROLES = """
select rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
    rolconnlimit, coalesce(array_to_string(rolconfig, ' '), '')
from pg_roles where rolname = any(%(roles)s)
"""

IN_DATABASE = """
select pg_get_userbyid(setrole), array_to_string(setconfig, ' ')
from pg_db_role_setting inner join pg_database on pg_database.oid = setdatabase
where datname in (current_database(), %(airflow)s)
"""

MEMBERSHIPS = """
select pg_get_userbyid(member), pg_get_userbyid(roleid), admin_option
from pg_auth_members as members
where (pg_get_userbyid(member) = any(%(roles)s) or pg_get_userbyid(roleid) = any(%(roles)s))
    and (
        coalesce((to_jsonb(members) ->> 'inherit_option')::boolean, true)
        or coalesce((to_jsonb(members) ->> 'set_option')::boolean, true)
    )
"""
"""From 16 on who makes a role may alter it by a membership that gives none of its rights."""

ELSEWHERE = """
select distinct classid::regclass::text from pg_shdepend
where refclassid = 'pg_authid'::regclass and deptype in ('a', 'o')
    and dbid in (0, (select oid from pg_database where datname = current_database()))
    and pg_get_userbyid(refobjid) = any(%(roles)s)
"""
"""The catalogues in which the roles own something or were granted something."""

LISTED = {
    "pg_class",
    "pg_proc",
    "pg_namespace",
    "pg_database",
    "pg_type",
    "pg_default_acl",
    "pg_language",
    "pg_largeobject_metadata",
    "pg_parameter_acl",
}
"""Those that OBJECTS reads."""


def names(settings: Settings) -> dict[str, str]:
    """What the roles and databases of these settings are called in the table."""
    roles = {settings.login(role)[0]: str(role) for role in Role}
    return {**roles, settings.postgres_db: "fraud", settings.airflow_db: "airflow"}


def role_rights(owner: Connection, settings: Settings) -> list[str]:
    """The table of rights as it is now, sorted; `owner` is a connection of the owner."""
    called = names(settings)
    parameters = {
        "airflow": settings.airflow_db,
        "roles": [settings.login(role)[0] for role in Role],
    }
    with owner.cursor() as cursor:

        def ask(query: str) -> list[tuple[Any, ...]]:
            cursor.execute(query, parameters)
            return cursor.fetchall()

        return sorted(
            {
                *(_object_line(called, *row) for row in ask(OBJECTS)),
                *(_renamed(called, text) for (text,) in ask(BUILT_IN)),
                *(_role_line(called, *row) for row in ask(ROLES)),
                *(f"role {called[name]} in database: {text}" for name, text in ask(IN_DATABASE)),
                *(_member_line(called, *row) for row in ask(MEMBERSHIPS)),
                *(f"unlisted kind {kind}" for (kind,) in ask(ELSEWHERE) if kind not in LISTED),
            }
        )


def _object_line(called: Mapping[str, str], *found: Any) -> str:
    kind, name, owner, grants, usual = found
    name = re.sub(r"(_)[0-9]+(?=$|\.)", r"\1N", name) if "_" in name else name
    held: dict[str, set[str]] = {}
    for grant in grants:
        who, _, right = grant.rpartition(" ")
        held.setdefault(who, set()).add(right)
    of_owner = held.pop(owner, set())
    first = f"{called.get(owner, owner)}!"
    if of_owner != set(usual) and kind not in {"column", "default", "parameter"}:
        first += f"={_listed(of_owner)}"
    others = sorted(f"{called.get(who, who)}={_listed(rights)}" for who, rights in held.items())
    name = called.get(name, name) if kind == "database" else name
    return " ".join([f"{kind} {name}".ljust(56), first, *others])


def _listed(rights: Iterable[str]) -> str:
    return ",".join(sorted(rights)) or "nothing"


def _renamed(called: Mapping[str, str], text: str) -> str:
    return " ".join(called.get(word, word) for word in text.split(" "))


def _role_line(called: Mapping[str, str], name: str, *found: Any) -> str:
    *flags, connections, chosen = found
    may = ("superuser", "createrole", "createdb", "login", "replication", "bypassrls")
    has = [word for word, flag in zip(may, flags, strict=True) if flag]
    return f"role {called[name]}: {' '.join(has)} connections={connections} {chosen}".rstrip()


def _member_line(called: Mapping[str, str], member: str, of: str, admin: bool) -> str:
    how = " with admin option" if admin else ""
    return f"member {called.get(member, member)} of {called.get(of, of)}{how}"


def expected(text: str) -> Iterator[str]:
    """The lines of the kept table, without its comments."""
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.rstrip()
