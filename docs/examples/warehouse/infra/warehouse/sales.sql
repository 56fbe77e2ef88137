SELECT id, region, amount FROM sales WHERE CAST(sold_at AS DATE) >= CAST(? AS DATE)
