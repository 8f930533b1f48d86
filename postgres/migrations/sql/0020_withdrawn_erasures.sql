-- One that is refused for good, or was a mistake, would be tried and refused every night for ever.
alter table raw.erasure_requests
drop constraint erasure_requests_outcome_check,
add constraint erasure_requests_outcome_check
check (outcome in ('erased', 'unknown', 'withdrawn'));
comment on column raw.erasure_requests.outcome is 'erased; unknown: nothing was there of a customer of this id; or withdrawn by hand. Empty as long as the request waits.';
