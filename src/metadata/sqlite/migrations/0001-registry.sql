-- Times are milliseconds since the epoch; digests are text, `sha256:…`. Every id is made by the program.

CREATE TABLE account (
  id              TEXT    PRIMARY KEY,
  creates_on_push INTEGER NOT NULL,
  display_name    TEXT    NOT NULL,
  is_verified     INTEGER NOT NULL,
  created_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE alias (
  name       TEXT    PRIMARY KEY,
  account_id TEXT    NOT NULL REFERENCES account (id),
  is_primary INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX alias_by_account ON alias (account_id);
CREATE UNIQUE INDEX alias_primary ON alias (account_id) WHERE is_primary = 1;

CREATE TABLE app_user (
  id         TEXT    PRIMARY KEY,
  account_id TEXT    NOT NULL REFERENCES account (id),
  name       TEXT    NOT NULL,
  is_root    INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (account_id, name)
) STRICT;

-- Identity policies. One of AWS's managed policies has its ARN for a name, and no document of its own.
CREATE TABLE user_policy (
  user_id  TEXT NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  name     TEXT NOT NULL,
  document TEXT,
  PRIMARY KEY (user_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_key (
  id            TEXT    PRIMARY KEY,
  user_id       TEXT    NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
  sealed_secret BLOB    NOT NULL,
  is_enabled    INTEGER NOT NULL,
  created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX access_key_by_user ON access_key (user_id);

CREATE TABLE signing_key (
  id            TEXT    PRIMARY KEY,
  sealed_secret BLOB    NOT NULL,
  created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE repository (
  id                 INTEGER PRIMARY KEY,
  account_id         TEXT    NOT NULL REFERENCES account (id),
  name               TEXT    NOT NULL,
  created_at         INTEGER NOT NULL,
  is_private         INTEGER NOT NULL,
  has_immutable_tags INTEGER NOT NULL,
  image_count        INTEGER NOT NULL,
  -- How long an image without a tag is kept; NULL: until it is deleted, as on ECR.
  untagged_keep_ms   INTEGER,
  -- The repository's policy, as it was set; and its resource tags, a JSON object. Both are asked for by every decision.
  policy             TEXT,
  resource_tags      TEXT    NOT NULL,
  -- A deleted repository has a name that no repository can have, and is emptied bit by bit.
  deleted_at         INTEGER,
  UNIQUE (account_id, name)
) STRICT;
CREATE INDEX repository_deleted ON repository (deleted_at) WHERE deleted_at IS NOT NULL;

-- What the gallery shows of a repository. The lists are JSON arrays.
CREATE TABLE repository_catalog (
  repository_id     INTEGER PRIMARY KEY REFERENCES repository (id),
  description       TEXT,
  about_text        TEXT,
  usage_text        TEXT,
  architectures     TEXT,
  operating_systems TEXT,
  logo_id           TEXT
) STRICT;

CREATE TABLE logo (
  id            TEXT    PRIMARY KEY,
  repository_id INTEGER NOT NULL REFERENCES repository (id),
  media_type    TEXT    NOT NULL,
  bytes         BLOB    NOT NULL
) STRICT;
CREATE INDEX logo_by_repository ON logo (repository_id);

CREATE TABLE manifest (
  repository_id     INTEGER NOT NULL REFERENCES repository (id),
  digest            TEXT    NOT NULL,
  media_type        TEXT    NOT NULL,
  artifact_type     TEXT,
  config_media_type TEXT,
  -- What this manifest is about (OCI "subject"); it need not exist.
  subject           TEXT,
  content_bytes     INTEGER NOT NULL,
  pushed_at         INTEGER NOT NULL,
  payload           BLOB    NOT NULL,
  UNIQUE (repository_id, digest)
) STRICT;
CREATE INDEX manifest_by_subject ON manifest (repository_id, subject, digest) WHERE subject IS NOT NULL;

-- The blobs a manifest needs. A blob referred to may be missing only where its type says it is fetched elsewhere.
CREATE TABLE manifest_blob (
  repository_id   INTEGER NOT NULL,
  manifest_digest TEXT    NOT NULL,
  blob_digest     TEXT    NOT NULL,
  media_type      TEXT    NOT NULL,
  PRIMARY KEY (repository_id, manifest_digest, blob_digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_blob_by_blob ON manifest_blob (repository_id, blob_digest);

-- The manifests an index needs.
CREATE TABLE manifest_child (
  repository_id INTEGER NOT NULL,
  parent_digest TEXT    NOT NULL,
  child_digest  TEXT    NOT NULL,
  PRIMARY KEY (repository_id, parent_digest, child_digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_child_by_child ON manifest_child (repository_id, child_digest);

CREATE TABLE tag (
  repository_id INTEGER NOT NULL REFERENCES repository (id),
  name          TEXT    NOT NULL,
  digest        TEXT    NOT NULL,
  moved_at      INTEGER NOT NULL,
  PRIMARY KEY (repository_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_by_digest ON tag (repository_id, digest);

-- What happened to each tag: where it pointed before and after, when, by whom, through which door.
CREATE TABLE tag_event (
  id              INTEGER PRIMARY KEY,
  repository_id   INTEGER NOT NULL REFERENCES repository (id),
  name            TEXT    NOT NULL,
  digest          TEXT,
  previous_digest TEXT,
  happened_at     INTEGER NOT NULL,
  principal       TEXT    NOT NULL,
  door            TEXT    NOT NULL
) STRICT;
CREATE INDEX tag_event_by_tag ON tag_event (repository_id, name, id);

-- Images that were deleted and can be brought back. What they refer to stays, so that all of it is still there.
CREATE TABLE deleted_manifest (
  repository_id     INTEGER NOT NULL REFERENCES repository (id),
  digest            TEXT    NOT NULL,
  media_type        TEXT    NOT NULL,
  artifact_type     TEXT,
  config_media_type TEXT,
  subject           TEXT,
  content_bytes     INTEGER NOT NULL,
  pushed_at         INTEGER NOT NULL,
  payload           BLOB    NOT NULL,
  -- The tags it had, a JSON array.
  tags              TEXT    NOT NULL,
  deleted_at        INTEGER NOT NULL,
  deleted_by        TEXT    NOT NULL,
  UNIQUE (repository_id, digest)
) STRICT;

-- What may have become garbage, to be looked at once it is due; `repository_id` is 0 for a stored blob itself.
CREATE TABLE review (
  kind          TEXT    NOT NULL,
  repository_id INTEGER NOT NULL,
  digest        TEXT    NOT NULL,
  due_at        INTEGER NOT NULL,
  PRIMARY KEY (kind, repository_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX review_by_time ON review (due_at);

-- A content, stored once. `object_key` is where its bytes are, and is never used again for anything else.
CREATE TABLE blob (
  digest     TEXT    PRIMARY KEY,
  bytes      INTEGER NOT NULL,
  object_key TEXT    NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;

-- Which repository may serve which content. Being stored is not being allowed.
CREATE TABLE repository_blob (
  repository_id INTEGER NOT NULL REFERENCES repository (id),
  digest        TEXT    NOT NULL REFERENCES blob (digest),
  linked_at     INTEGER NOT NULL,
  PRIMARY KEY (repository_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_blob_by_digest ON repository_blob (digest);

CREATE TABLE upload (
  id                        TEXT    PRIMARY KEY,
  repository_id             INTEGER NOT NULL REFERENCES repository (id),
  object_key                TEXT    NOT NULL UNIQUE,
  byte_offset               INTEGER NOT NULL,
  part_count                INTEGER NOT NULL,
  last_part_bytes           INTEGER NOT NULL,
  smallest_inner_part_bytes INTEGER,
  created_at                INTEGER NOT NULL,
  touched_at                INTEGER NOT NULL
) STRICT;
CREATE INDEX upload_by_touch ON upload (touched_at);
CREATE INDEX upload_by_repository ON upload (repository_id);

-- Objects that no row names any more: their bytes go first, then the row here.
CREATE TABLE discard (
  object_key TEXT    PRIMARY KEY,
  not_before INTEGER NOT NULL
) STRICT;
CREATE INDEX discard_by_time ON discard (not_before);
