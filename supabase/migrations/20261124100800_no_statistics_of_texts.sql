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
