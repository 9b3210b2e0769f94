-- bounded
VALUES (1), (DATE '2024-01-01')
