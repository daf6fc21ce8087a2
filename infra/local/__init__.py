"""The local stack: Supabase, Lambda, S3 and SQS on loopback, for development and tests."""
