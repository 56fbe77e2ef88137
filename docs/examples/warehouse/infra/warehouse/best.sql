SELECT region, sales, amount FROM daily_sales WHERE sales >= ? ORDER BY amount DESC LIMIT 1
