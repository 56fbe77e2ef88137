SELECT id, region, amount FROM sales WHERE amount >= :least AND region <> :region
