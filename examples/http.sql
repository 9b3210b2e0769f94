-- Three ways to read from another HTTP server: asking again and again, an event stream, and a WebSocket.
--
-- Run it:  millrace serve -f examples/http.sql
-- The first two read this server itself, so nothing else is needed:
--   curl -d '{"id": 1, "name": "a"}' -H 'content-type: application/json' http://127.0.0.1:7070/v1/streams/names/records

CREATE TABLE names (id BIGINT NOT NULL, name STRING);
CREATE MATERIALIZED VIEW name_counts AS SELECT name, COUNT(*) AS n FROM names GROUP BY name;

-- Asking every five seconds. An answer that is the same as the last one counts as nothing (so do 304 answers, for
-- servers with ETags); with a cursor, pages are followed and each record counts once.
CREATE TABLE polled_counts (name STRING, n BIGINT, received TIMESTAMP_LTZ(3) METADATA) WITH (
  'connector' = 'http',
  'url' = 'http://127.0.0.1:7070/v1/views/name_counts',
  'poll.interval' = '5 s',
  'body' = 'array',
  'body.path' = '$.rows',
  'format' = 'json',
  'bad-records' = 'skip'
);

-- An event stream. The id of the last event is kept with it: after a broken connection or a restart, the stream goes on
-- where it stopped (Last-Event-ID). Here: the changes of the view above.
CREATE TABLE count_changes (
  epoch  BIGINT,
  `rows` ARRAY<ROW<op STRING, `row` ROW<name STRING, n BIGINT>>>,
  event  STRING METADATA,
  id     STRING METADATA FROM 'event-id'
) WITH (
  'connector' = 'http',
  'mode' = 'sse',
  'url' = 'http://127.0.0.1:7070/v1/queries/name_counts/events',
  'sse.events' = 'snapshot,changes',
  'format' = 'json',
  'bad-records' = 'skip'
);

-- A WebSocket, with a message that subscribes. What comes while the connection is down is lost. As long as there is no
-- server at the address it is tried again; GET /v1/streams/ticks says so.
CREATE TABLE ticks (price DOUBLE, received TIMESTAMP_LTZ(3) METADATA) WITH (
  'connector' = 'http',
  'mode' = 'websocket',
  'url' = 'ws://127.0.0.1:9001/ticks',
  'websocket.send' = '{"subscribe": "ticks"}',
  'idle-timeout' = '1 min',
  'format' = 'json',
  'bad-records' = 'skip'
);
