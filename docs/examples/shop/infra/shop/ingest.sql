SELECT customer, CAST(SUM(amount) AS DOUBLE) AS spent, COUNT(*) AS orders
FROM orders
WHERE customer IS NOT NULL
GROUP BY customer
