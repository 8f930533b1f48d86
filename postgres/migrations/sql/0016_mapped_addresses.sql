-- An IPv4 address in the form of an IPv6 one (::ffff:192.0.2.1, as servers log that listen to both)
-- is that IPv4 address: as a /64 all of them together would be one household.

create function restricted.undotted(address text) returns text
language sql immutable parallel safe
as $$
    select case
        when part is null then address
        else part[1] || to_hex(part[2]::integer * 256 + part[3]::integer)
            || ':' || to_hex(part[4]::integer * 256 + part[5]::integer)
    end
    from regexp_match(
        address,
        '^([0-9a-f:]+:)'
        || '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.'
        || '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.'
        || '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.'
        || '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$',
        'i'
    ) as part
$$;
comment on function restricted.undotted(text) is 'An IPv6 address with its dotted end, if it has one, as two groups of hexadecimal digits.';

create function restricted.ip_network(address text, plain text) returns text
language sql immutable parallel safe
as $$
    select case
        when plain !~* (
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
            then address
        when plain::inet <<= inet '::ffff:0:0/96'
            then host(inet '0.0.0.0' + (plain::inet - inet '::ffff:0:0'))
        else network(set_masklen(plain::inet, 64))::text
    end
$$;
comment on function restricted.ip_network(text, text) is 'The same folding as in scoring of an address that was read as `plain`.';

-- Almost no address has a dotted end, and looking for one costs more than the rest.
create or replace function restricted.ip_network(address text) returns text
language sql immutable parallel safe
as $$
    select case
        when address like '%:%.%'
            then restricted.ip_network(address, restricted.undotted(address))
        else restricted.ip_network(address, address)
    end
$$;

revoke all on function restricted.undotted(text), restricted.ip_network(text, text) from public;

do $$
begin
    execute format(
        'grant execute on function restricted.undotted(text), restricted.ip_network(text, text) to %I',
        current_setting('fraud.dbt')
    );
end $$;
