-- Where personal data lives in clear, what masks it on the way out, and who may connect where.
create schema restricted;
comment on schema restricted is 'Personal data in clear. dbt writes and reads it; everything after it carries pseudonyms.';

-- The inner (0x36) or outer (0x5c) pad of HMAC-SHA256, from the key that dbt''s session brings as
-- fraud.pseudonym_key. The key is in no table, no SQL text and no file of the server.
create function restricted.pseudonym_pad(pad integer) returns bytea
language sql stable parallel safe
as $$
    with session as (
        select convert_to(current_setting('fraud.pseudonym_key'), 'UTF8') as secret
    ),
    key as (
        select case when length(secret) > 64 then sha256(secret) else secret end as secret from session
    )
    select decode(
        string_agg(
            lpad(to_hex((case when i < length(secret) then get_byte(secret, i) else 0 end) # pad), 2, '0'),
            '' order by i
        ),
        'hex'
    )
    from key cross join generate_series(0, 63) as i
$$;
comment on function restricted.pseudonym_pad(integer) is 'RFC 2104: the key, filled up to a block and combined with the pad.';

-- An IPv6 address as its /64, of which a household has one; anything else as it stands. What is no
-- address must not reach the cast, and catching its error would forbid parallel plans.
create function restricted.ip_network(address text) returns text
language sql immutable parallel safe
as $$
    select case
        when address ~* (
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
            then network(set_masklen(address::inet, 64))::text
        else address
    end
$$;
comment on function restricted.ip_network(text) is 'The same folding as in scoring.';

revoke all on all functions in schema restricted from public;

do $$
declare
    dbt text := current_setting('fraud.dbt');
begin
    execute format('grant usage, create on schema restricted to %I', dbt);
    execute format('grant execute on all functions in schema restricted to %I', dbt);
end $$;
