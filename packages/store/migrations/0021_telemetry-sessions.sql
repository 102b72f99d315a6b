-- Which batches of a session were stored: they may come out of order, through several controllers. seq stays the
-- highest of them.
ALTER TABLE telemetry_marks ADD COLUMN seen int8multirange NOT NULL DEFAULT '{}';
UPDATE telemetry_marks SET seen = int8multirange(int8range(1, seq + 1)) WHERE seq > 0;

-- What the numbers of a session's series stand for: ids of telemetry_series by number, 0 for a metric that no release
-- before this one knows. Batches name a series once, to whichever controller gets them.
CREATE TABLE telemetry_dictionaries (
  host text COLLATE "C" NOT NULL,
  session text NOT NULL,
  series integer[] NOT NULL,
  PRIMARY KEY (host, session),
  FOREIGN KEY (host, session) REFERENCES telemetry_marks ON DELETE CASCADE
);
