select zone_id, zone, borough from {{ ref('stg_zones') }}
