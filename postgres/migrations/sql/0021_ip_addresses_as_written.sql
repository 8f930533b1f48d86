-- An IP address is one key however it was logged: with spaces around it, a port behind it, brackets or
-- a zone. What is no address ("unknown", "-") is none: as a key it would be shared by many customers.

create function restricted.bare_address(written text) returns text
language sql immutable parallel safe
as $$
    select coalesce(part[1], part[2], part[3])
    from regexp_match(
        written,
        '^[ \t\n\r\f\v]*(?:'
        || '([0-9.]+)(?::[0-9]{1,5})?|'
        || '([0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)(?:%[0-9A-Za-z._~-]+)?|'
        || '\[([0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)(?:%[0-9A-Za-z._~-]+)?\](?::[0-9]{1,5})?'
        || ')[ \t\n\r\f\v]*$'
    ) as part
$$;
comment on function restricted.bare_address(text) is 'What may be an IP address, without what it was logged with; null for what cannot be one.';

create function restricted.bare_network(bare text) returns text
language sql immutable parallel safe
as $$
    select case
        when bare ~ '^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$'
            then bare
        when bare !~* (
            '^('
            || '([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|'
            || '([0-9a-f]{1,4}:){1,7}:|'
            || '([0-9a-f]{1,4}:){1,6}(:[0-9a-f]{1,4}){1,1}|'
            || '([0-9a-f]{1,4}:){1,5}(:[0-9a-f]{1,4}){1,2}|'
            || '([0-9a-f]{1,4}:){1,4}(:[0-9a-f]{1,4}){1,3}|'
            || '([0-9a-f]{1,4}:){1,3}(:[0-9a-f]{1,4}){1,4}|'
            || '([0-9a-f]{1,4}:){1,2}(:[0-9a-f]{1,4}){1,5}|'
            || '([0-9a-f]{1,4}:){1,1}(:[0-9a-f]{1,4}){1,6}|'
            || ':(:[0-9a-f]{1,4}){1,7}|'
            || '::'
            || ')$'
        )
            then null
        when bare::inet <<= inet '::ffff:0:0/96'
            then host(inet '0.0.0.0' + (bare::inet - inet '::ffff:0:0'))
        else network(set_masklen(bare::inet, 64))::text
    end
$$;
comment on function restricted.bare_network(text) is 'An IPv4 address as it is, an IPv6 one as its /64; null for what is no address.';

-- Almost all are plain addresses of IPv4, and hardly any has a dotted end behind colons: looking for
-- one costs more than the rest.
create or replace function restricted.ip_network(address text) returns text
language sql immutable parallel safe
as $$
    select case
        when address ~ '^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$'
            then address
        when address like '%:%.%'
            then restricted.bare_network(
                restricted.undotted(restricted.bare_address(address))
            )
        else restricted.bare_network(restricted.bare_address(address))
    end
$$;

drop function restricted.ip_network(text, text);

revoke all on function restricted.bare_address(text), restricted.bare_network(text) from public;

do $$
begin
    execute format(
        'grant execute on function restricted.bare_address(text), restricted.bare_network(text) to %I',
        current_setting('fraud.dbt')
    );
end $$;
