-- A first version as a quick sketch: text and json for almost every column, missing columns, and
-- every shape of secondary intents that a classifier may have returned.

create table public.nlu_prompt_logs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  prompt text,
  predicted_intent text,
  confidence text,
  secondary_intents json,
  corrected_intent text,
  created_at text
);
alter table public.nlu_prompt_logs disable row level security;
grant all on public.nlu_prompt_logs to public;

insert into auth.users (id) values ('a11ce000-0000-4000-8000-000000000001');

insert into public.nlu_prompt_logs
select
  ('00000000-0000-4000-8000-00000000000' || number)::uuid,
  'a11ce000-0000-4000-8000-000000000001', 'message ' || number, 'help', confidence, secondary, '  ',
  '2026-05-01T10:00:00Z'
from (values
  (1, '0.25', '{"intent": "search", "confidence": 0.3}'::json),
  (2, '87%', '{"search": 0.3, "status": "low"}'),
  (3, '1e400', '"search"'),
  (4, '0.9', '"[\"search\"]"'),
  (5, ' 0.9 ', 'null'),
  (6, '0.9', '[{"intent": "search", "score": 1}, {"label": "status"}, 7]'),
  (7, '0.9', '[{"intent": "a\u0000b", "confidence": "0.5"}]'),
  (8, '0.9', '"C:\\u0000"')
) as rows (number, confidence, secondary);
