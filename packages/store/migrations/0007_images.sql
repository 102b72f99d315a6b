CREATE TABLE images (
  name text COLLATE "C" PRIMARY KEY,
  uid uuid NOT NULL UNIQUE,
  revision bigint NOT NULL DEFAULT nextval('revisions'),
  created_at timestamptz NOT NULL DEFAULT now(),
  spec jsonb NOT NULL
);

-- An image on a host, as its jobs have told.
CREATE TABLE image_copies (
  image text COLLATE "C" NOT NULL REFERENCES images ON DELETE CASCADE,
  host text COLLATE "C" NOT NULL REFERENCES hosts ON DELETE CASCADE,
  state text NOT NULL,
  job uuid NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  failure jsonb,
  PRIMARY KEY (image, host),
  CHECK (state IN ('fetching', 'cached', 'failed'))
);

-- The image a VM boots from, which can't be deleted before the VM.
ALTER TABLE vms ADD COLUMN image text COLLATE "C" REFERENCES images;
CREATE INDEX vms_image ON vms (image) WHERE image IS NOT NULL;
