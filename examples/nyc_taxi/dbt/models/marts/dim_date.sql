-- Every day from the first trip to the last.
with bounds as (
    select min(pickup_at)::date as first_day, max(pickup_at)::date as last_day
    from {{ ref('stg_trips') }}
)
select
    day::date as date_day,
    extract(year from day)::int as year,
    extract(month from day)::int as month,
    extract(isodow from day)::int as day_of_week,
    extract(isodow from day) >= 6 as is_weekend
from bounds
cross join lateral generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') as day
where first_day is not null
