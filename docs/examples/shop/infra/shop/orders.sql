-- Orders as the shop's own database has them.
SELECT id, customer, amount, paid, note, placed_at, changed_at
FROM orders
WHERE amount >= :least
ORDER BY id
