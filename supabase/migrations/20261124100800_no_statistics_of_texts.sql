-- What people wrote stays out of the planner's statistics.
--
-- Row level security does not cover estimates: whoever may ask for a planned count could read the
-- most common texts of all users out of it, letter by letter. And a sample would outlive an erasure.

alter table public.correction_events
  alter column reviewer set statistics 0,
  alter column notes set statistics 0;
alter table public.review_queue
  alter column text set statistics 0,
  alter column reviewer set statistics 0,
  alter column notes set statistics 0;
alter table public.labelled_texts
  alter column text set statistics 0;

-- Whoever knows a key, of a text that they sent themselves or of another user, could ask for the
-- planned count of its rows, and so how often others sent the text, or how much the other user sends.
-- Of these columns no more is sampled than the one most common value and how many there are.
alter table public.nlu_prompt_logs
  alter column text_key set statistics 1,
  alter column user_id set statistics 1;
