-- A rollout goes over several profiles. The release before knows one of each, so none may be under way.
DO $$ BEGIN
  IF EXISTS (SELECT FROM rollouts WHERE ended_at IS NULL) THEN
    RAISE EXCEPTION 'rollouts are under way'
      USING HINT = 'Let them end, or abort them, with the release before; then migrate.';
  END IF;
END $$;

-- What a profile was in each generation, the newest 100 of them.
CREATE TABLE profile_versions (
  profile text COLLATE "C" NOT NULL REFERENCES profiles ON DELETE CASCADE,
  generation bigint NOT NULL,
  spec jsonb NOT NULL,
  PRIMARY KEY (profile, generation)
);
INSERT INTO profile_versions SELECT name, generation, spec FROM profiles;
INSERT INTO profile_versions
  SELECT DISTINCT ON (profile, target_generation) profile, target_generation, target_spec
  FROM rollouts WHERE state = 'succeeded'
ON CONFLICT DO NOTHING;

CREATE TABLE rollout_profiles (
  rollout text COLLATE "C" NOT NULL REFERENCES rollouts ON DELETE CASCADE,
  profile text COLLATE "C" NOT NULL REFERENCES profiles ON DELETE CASCADE,
  before_generation bigint NOT NULL,
  target_generation bigint NOT NULL,
  -- A version that was proven before; null where there is none.
  proven_generation bigint,
  -- What the proven one became when it was put back.
  back_generation bigint,
  -- What was written into the profile: field, before, after.
  changes jsonb NOT NULL DEFAULT '[]',
  wave_host_counts jsonb NOT NULL,
  -- Hosts of the profile that the selector leaves out, and the names of the first of them.
  outside_host_count integer NOT NULL DEFAULT 0,
  outside_hosts jsonb NOT NULL DEFAULT '[]',
  -- As long as the rollout has not ended.
  is_live boolean NOT NULL DEFAULT true,
  PRIMARY KEY (rollout, profile)
);
-- One live rollout per profile, so that no host has two.
CREATE UNIQUE INDEX rollout_profiles_live ON rollout_profiles (profile) WHERE is_live;

INSERT INTO rollout_profiles (rollout, profile, before_generation, target_generation, wave_host_counts, is_live)
  SELECT r.name, r.profile, r.target_generation, r.target_generation, coalesce((
    SELECT jsonb_agg(n ORDER BY wave) FROM (
      SELECT wave, count(*) AS n FROM rollout_hosts WHERE rollout = r.name GROUP BY wave) AS waves), '[]'), false
  FROM rollouts r;

ALTER TABLE rollout_hosts ADD COLUMN profile text COLLATE "C";
UPDATE rollout_hosts h SET profile = r.profile FROM rollouts r WHERE r.name = h.rollout;
ALTER TABLE rollout_hosts ALTER COLUMN profile SET NOT NULL;

UPDATE rollouts SET spec = spec - 'profile' || jsonb_build_object('profiles', jsonb_build_array(profile));
-- Watchers that resume read rollouts as they were.
UPDATE changes SET record = (SELECT (r || jsonb_build_object(
    'spec', (r -> 'spec') - 'profile'
      || jsonb_build_object('profiles', jsonb_build_array(r -> 'spec' -> 'profile')),
    'hostsWithoutProfile', 0,
    'profiles', jsonb_build_array(jsonb_build_object(
      'profile', r -> 'spec' -> 'profile',
      'beforeGeneration', r -> 'targetGeneration', 'targetGeneration', r -> 'targetGeneration',
      'changes', '[]'::jsonb, 'waveHostCounts', '[]'::jsonb,
      'outsideHostCount', 0, 'outsideHosts', '[]'::jsonb))))::json
  FROM (SELECT record::jsonb AS r) AS old)
WHERE kind = 'rollouts' AND record IS NOT NULL;

ALTER TABLE rollouts
  DROP COLUMN profile, DROP COLUMN target_generation, DROP COLUMN target_spec, DROP COLUMN proven_spec,
  -- Hosts with the labels of the selector that no profile matches.
  ADD COLUMN hosts_without_profile integer NOT NULL DEFAULT 0;
