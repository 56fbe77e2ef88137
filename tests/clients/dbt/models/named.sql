{{ config(materialized='view') }}
select code, name, coalesce(since, cast(null as date)) as since, cast(null as varchar) as note from {{ ref('carriers') }}
