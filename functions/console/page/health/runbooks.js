// The runbooks of the alerts. Written by `python -m infra.runbooks` from docs/how-to/operate.md.

export const RUNBOOKS = {
  "accuracy-dropped": {
    "text": [
      "The completed audits show a lower accuracy than before, by about 5 points or more."
    ],
    "steps": [
      "Look at the marks of `prompt-capture health`: did a model, the rules or the catalogue change at that time? If a promotion explains it, roll back.",
      "See what is taken for what. One confusion that grew points to a new phrasing or topic: review its messages, and retrain.",
      "If reviewers changed, check whether they agree; a drop may be a change of opinion."
    ]
  },
  "workflows-fail": {
    "text": [
      "The workflows of one intent fail about three times as often as before, by odds."
    ],
    "steps": [
      "See `failed_workflows` in the dashboard for the errors. Most often the backend or a service behind it changed.",
      "If the errors say that the request was not what the workflow is for, the intent is predicted wrongly: review these messages. They are in the queue."
    ]
  },
  "intents-shifted": {
    "text": [
      "The shares of one or more predicted intents moved by more than a fifth, and stayed so for days."
    ],
    "steps": [
      "Look at the marks: a new model or rule predicts otherwise. If accuracy holds, nothing is wrong.",
      "Otherwise users changed: a feature, a campaign, a season. Check that the audits of these intents are decided, so that a drop of accuracy would show."
    ]
  },
  "out-of-scope-surged": {
    "text": [
      "More messages than before are not meant for the assistant as it is."
    ],
    "steps": [
      "The alert names the largest group, by the intent that its messages are nearest to. Review texts with the reason `out_of_scope`; the newest are the group.",
      "If they share a topic that the assistant should handle, add an intent (the catalogue) and label them. If not, correct them to `unknown` or `chitchat`, so that the model learns that they are out of scope."
    ]
  },
  "no-messages": {
    "text": [
      "No message arrived in hours in which many are usual."
    ],
    "steps": [
      "Run `doctor`: it checks endpoints, keys and the database.",
      "Check that the backend calls `classify-and-log`, and the alarms of CloudWatch. Messages that wait in the spool arrive by themselves."
    ]
  },
  "export-overdue": {
    "text": [
      "A series of exports that ran every week has no dataset for eight days."
    ],
    "steps": [
      "Check the schedules with `doctor`, and the log of the function `export`.",
      "Export by hand, to the bucket. If the series was given up, mute the alert; it is resolved after a month."
    ]
  },
  "retraining-overdue": {
    "text": [
      "No model was registered for 90 days, although 100 corrections came since."
    ],
    "steps": [
      "Export, train and compare. A model that is not better need not be promoted; publishing it as a candidate resolves the alert and records the decision."
    ]
  },
  "retraining-failed": {
    "text": [
      "A run of the retraining did not end, and no later run made up for it."
    ],
    "steps": [
      "Read the log of the function `retrain`: an error says what is missing, and a run that stops without one had too little memory or time.",
      "Retrain by hand. The alert is resolved when a later run has ended."
    ]
  },
  "retention-overdue": {
    "text": [
      "Messages, or something else that is kept for a time, should have been deleted at least two nights ago, and are still there. The alert says which."
    ],
    "steps": [
      "Run `doctor`: it says whether pg_cron runs the jobs.",
      "If the job runs, it may not keep pace: raise `retention_batch_rows`."
    ]
  },
  "jobs-stopped": {
    "text": [
      "Captures wait for the job of every minute for more than 15 minutes, or the counts by day are more than an hour old."
    ],
    "steps": [
      "Run `doctor`: it says which jobs pg_cron lacks, or which are inactive.",
      "See `cron.job_run_details` for their errors."
    ]
  },
  "drain-overdue": {
    "text": [
      "Three evaluations in a row found prompts in the spool, although the database responds to the monitor. The alarm `SpoolOldestMessageAge` comes sooner."
    ],
    "steps": [
      "Check with `doctor` that the drain is connected to the spool, and read the log of the function `drain`.",
      "If it says that the database refuses writes, see the Supabase project: a full disk makes it read-only."
    ]
  },
  "dead-letters-waiting": {
    "text": [
      "The drain could not store prompts. See dead letters."
    ],
    "steps": []
  },
  "nobody-reviews": {
    "text": [
      "Texts wait for review longer than `audit_wait_days`, and nobody has decided any for a week. Without decided audits, live accuracy has no figure and no drop is noticed."
    ],
    "steps": [
      "Review: audits come first. An hour a week suffices for most deployments.",
      "If there are too many, lower `audit_rate` or `review_threshold` in `private.settings`."
    ]
  }
};
