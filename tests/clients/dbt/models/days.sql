{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partitioned_by=['day']) }}
select code, {{ 2 if is_incremental() else 1 }} as run, date '2024-01-01' + interval '1' day * n as day
from {{ ref('named') }} cross join unnest(sequence(1, 2)) as t (n)
{% if is_incremental() %} where n > 1 {% endif %}
