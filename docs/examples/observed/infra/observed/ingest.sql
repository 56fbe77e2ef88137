WITH recent AS (SELECT * FROM visits WHERE CAST(minutes AS DOUBLE) >= ?)
SELECT CAST(visit AS VARCHAR) AS visit, CAST(sold AS INTEGER) AS sold, CAST(minutes AS DOUBLE) AS minutes
FROM recent
