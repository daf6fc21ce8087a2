-- Do reviewers agree beyond chance? Above 0.8 is very good, below 0.6 the intents need clearer words.
select * from public.reviewer_agreement;
