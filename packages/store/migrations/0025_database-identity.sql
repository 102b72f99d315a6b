-- One row: which database this is. A copy that was put in its place differs in what the mark is made of.
CREATE TABLE database_identity (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  -- Empty until the first controller starts on it.
  mark text NOT NULL DEFAULT '',
  -- Raised with each restore; part of every position in the logs, because transactions count anew.
  era bigint NOT NULL DEFAULT 1
);
INSERT INTO database_identity DEFAULT VALUES;

-- Why the fleet is frozen: many hosts lost at once, or a database that was set back.
ALTER TABLE fleet_freeze ADD COLUMN cause text NOT NULL DEFAULT 'hosts-lost'
  CHECK (cause IN ('hosts-lost', 'restored'));
