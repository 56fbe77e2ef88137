SELECT region, COUNT(*) AS sales, SUM(amount) AS amount
FROM sales
WHERE CAST(sold_at AS DATE) >= CAST(? AS DATE)
GROUP BY region;
