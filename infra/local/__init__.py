"""The local stack: a Supabase project, an S3 server and a Lambda service on loopback."""
