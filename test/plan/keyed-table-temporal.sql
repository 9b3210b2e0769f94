CREATE TABLE rates (currency STRING PRIMARY KEY NOT ENFORCED, rate INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
CREATE TABLE sales (currency STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
SELECT s.currency, r.rate FROM sales AS s JOIN rates FOR SYSTEM_TIME AS OF s.ts AS r ON s.currency = r.currency
