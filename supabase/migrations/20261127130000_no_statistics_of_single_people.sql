-- Nor of what belongs to one person: ids, users, texts by their hash, times.
--
-- Row level security does not cover estimates, and a planned count is everybody's to ask. Two bounds of
-- a histogram were two users' ids, found bit by bit in 128 requests each; the one most common value told
-- the share of the busiest user, and how often the most common text is said; a hundred bounds were ids
-- of rows and the moments at which they were captured.
--
-- Without them the planner takes a 200th of the rows for each value, and finds the same indexes.

alter table public.nlu_prompt_logs
  alter column id set statistics 0,
  alter column user_id set statistics 0,
  alter column text_key set statistics 0,
  alter column outcome_recorded_at set statistics 0,
  alter column corrected_at set statistics 0,
  alter column updated_at set statistics 0;

-- The order of capture is how the table lies on disk, which streams need to know. So of these moments
-- the first and the last are sampled, which are nobody's in particular.
alter table public.nlu_prompt_logs
  alter column created_at set statistics 1;
